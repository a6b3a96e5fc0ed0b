// What several tests need: a directory of their own, a door that remembers, a network that is written down.

import Glibc
import GroupModel

@testable import p2pfs

/// A new directory, gone with its owner; in memory, for on a disk every save would wait for it twice.
final class Scratch: Sendable {
  let path: String

  init() {
    var template = Array("/dev/shm/p2pfs-test-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit { Self.remove(path) }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  func file(_ name: String, _ text: String, mode: mode_t = 0o644) -> String {
    let file = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, mode)
    precondition(file >= 0 && SmallFile.write(Array(text.utf8), to: file))
    close(file)
    return path(name)
  }

  func names(in directory: String) -> [String] { Self.names(in: directory) }

  private static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) })
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
  }

  /// `rmdir` first: what is a symbolic link to a directory is not entered.
  private static func remove(_ path: String) {
    guard unlink(path) != 0, rmdir(path) != 0 else { return }
    for name in names(in: path) { remove("\(path)/\(name)") }
    rmdir(path)
  }
}

func mode(of path: String) -> mode_t {
  var status = stat()
  return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

/// Remembers what was said, as the shell's pipe would show it.
final class MemoryDoor: Door {
  private(set) var lines: [String] = []
  private(set) var columns: [String] = []

  func show(_ answer: Answer) {
    switch answer {
    case .line(let line): lines.append(line)
    case .status(let status): lines += status.lines
    case .table(let columns): self.columns = columns.map(\.title)
    case .row(let fields): lines.append(fields.joined(separator: " "))
    }
  }
}

/// A tracker that answers as it was told to, and remembers what it was asked.
final class ScriptedNetwork: Network, FileListing {
  var authority = p2pfs.Authority(
    fingerprint: [UInt8](repeating: 0xA1, count: 32), certificatePEM: Array("CA".utf8))
  var isReachable = true
  var files: [ListedFile] = []
  private(set) var asked: [TrackerRequest] = []
  private(set) var pins: [[UInt8]?] = []
  private(set) var connectedTo: [[String]] = []
  private(set) var logins: [SavedLogin] = []
  private let respond: (TrackerRequest) -> TrackerAnswer

  init(_ respond: @escaping (TrackerRequest) -> TrackerAnswer = ScriptedNetwork.agreeing) {
    self.respond = respond
  }

  /// A tracker to which everything is right.
  static func agreeing(_ request: TrackerRequest) -> TrackerAnswer {
    switch request {
    case .login, .changePassword, .renew: .certificate(Array("DER".utf8))
    case .propose: .decided(GroupID(1), 1)
    case .listGroups, .listMyGroups: .groups([], more: false)
    case .listRequests: .users([], more: false)
    case .listMembers: .members([], more: false)
    default: .done
    }
  }

  func connect(to trackers: TrackerInfo, trusting pin: [UInt8]?) throws(Failure) -> any TrackerAsking {
    pins.append(pin)
    return try line(to: trackers, trusting: pin)
  }

  func connect(to trackers: TrackerInfo, as login: SavedLogin) throws(Failure) -> any TrackerAsking {
    logins.append(login)
    return try line(to: trackers, trusting: login.authority)
  }

  private func line(to trackers: TrackerInfo, trusting pin: [UInt8]?) throws(Failure) -> any TrackerAsking {
    guard isReachable else { throw .noTracker(trackers.trackers) }
    if let pin, pin != authority.fingerprint {
      throw .authorityChanged(saved: pin, seen: authority.fingerprint)
    }
    connectedTo.append(trackers.trackers.map(\.description))
    return Line(network: self, authority: authority)
  }

  private struct Line: TrackerAsking {
    let network: ScriptedNetwork
    let authority: p2pfs.Authority

    func ask(_ request: TrackerRequest) throws(Failure) -> TrackerAnswer {
      network.asked.append(request)
      return network.respond(request)
    }
  }

  func probe(_ trackers: TrackerInfo, as login: SavedLogin?, trusting pin: [UInt8]?) -> [TrackerCondition] {
    trackers.trackers.map { _ in isReachable ? .answers : .silent }
  }

  func end(of certificatePEM: [UInt8]) -> Int64? { 86_400 }
  func isHalfSpent(_ certificatePEM: [UInt8]) -> Bool { false }
  func makeKeyPEM() -> [UInt8] { Array("KEY".utf8) }
  func certificateRequest(signedBy keyPEM: [UInt8]) -> [UInt8] { Array("request by ".utf8) + keyPEM }
  func certificatePEM(ofDER certificate: [UInt8]) -> [UInt8] { Array("PEM of ".utf8) + certificate }

  func forEachFile(
    of group: GroupName, over line: any TrackerAsking, _ body: (ListedFile) throws(Failure) -> Void
  ) throws(Failure) {
    for file in files { try body(file) }
  }
}

struct FixedPassword: PasswordAsking {
  func password(for purpose: PasswordPurpose, given: [UInt8]?) -> [UInt8] { given ?? Array("typed".utf8) }
}
