// The network under load: its tracker, its authority, and as many members as are wanted. Certificates are issued
// here, with the authority's key from the tracker's data directory, so that ten thousand clients need not hash ten
// thousand passwords first; the tracker checks them as it checks all others.

import Glibc
import GroupModel
import Link

final class Network {
  let tracker: SocketAddress
  let data: String
  let trackerPID: Int32
  let loops: [EventLoop]
  private let authority: Authority
  private let key: KeyPair
  private var contexts: [UserName: TLSContext] = [:]
  private var nextWish: UInt64 = 0
  private let instance = UInt64.random(in: .min ... .max)

  init(_ tracker: SocketAddress, data: String, trackerPID: Int32) throws {
    self.tracker = tracker
    self.data = data
    self.trackerPID = trackerPID
    let pem = Self.contents(of: data + "/authority.pem")
    let mark = Array("-----BEGIN CERTIFICATE-----".utf8)
    let cut = pem.indices.first { pem[$0...].starts(with: mark) } ?? pem.endIndex
    authority = try Authority(keyPEM: Array(pem[..<cut]), certificatePEM: Array(pem[cut...]))
    key = try KeyPair.generate()
    loops = (1...2).map { EventLoop(name: "load-\($0)") }
    for loop in loops { loop.start() }
  }

  static func contents(of path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = read(descriptor, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }

  static func user(_ number: Int) -> UserName { UserName("member-\(number)")! }

  static func group(_ number: Int) -> GroupName { GroupName("group-\(number)")! }

  func wish() -> RequestID {
    nextWish += 1
    return RequestID(instance: instance, sequence: nextWish)
  }

  /// Makes accounts through the front door: each costs the tracker one hash. Some on each line, since the tracker
  /// ends a stranger's line after a minute, and on a busy machine that is not enough for all of them.
  func makeAccounts(_ count: Int, onEachLine batch: Int = 8) {
    let context = TLSContext(.client, speaking: .tracker, as: nil, trusting: pin)!
    for first in stride(from: 0, to: count, by: batch) {
      let stranger = client(context, 0)
      openAll([stranger])
      let numbers = first..<min(first + batch, count)
      let bell = Semaphore()
      for number in numbers {
        let request = TrackerRequest.createUser(
          wish(), Self.user(number), password: Array("a password".utf8))
        stranger.loop.post { stranger.ask(request) { _ in bell.signal() } }
      }
      for _ in numbers { bell.wait() }
      stranger.close()
    }
  }

  private var pin: Pin { .certificate(authority.certificate) }

  func context(of user: UserName) throws -> TLSContext {
    if let known = contexts[user] { return known }
    let certificate = try authority.issueMember(
      user: user, generation: 1, lineage: UInt64.random(in: 1 ... .max),
      request: CertificateRequest(signedBy: key),
      now: secondsSince1970())
    let credential = Credential(key: key, certificate: certificate)
    let context = TLSContext(.client, speaking: .tracker, as: credential, trusting: pin)!
    contexts[user] = context
    return context
  }

  func member(_ number: Int, line: Int = 0) throws -> LoadClient {
    client(try context(of: Self.user(number)), line)
  }

  private func client(_ context: TLSContext, _ line: Int) -> LoadClient {
    LoadClient(on: loops[line % loops.count], context, to: tracker)
  }

  /// Opens them a few at a time, as a crowd would come, and says how many made it.
  @discardableResult
  func openAll(_ clients: [LoadClient], atOnce: Int = 128) -> Int {
    let counter = Counter()
    var under = 0
    for client in clients {
      client.open { counter.come($0) }
      under += 1
      if under >= atOnce {
        counter.bell.wait()
        under -= 1
      }
    }
    while under > 0 {
      counter.bell.wait()
      under -= 1
    }
    return counter.yes
  }

  /// Kilobytes of the tracker that are in memory.
  var trackerKiB: Int {
    let text = String(decoding: Self.contents(of: "/proc/\(trackerPID)/status"), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return line.flatMap { Int($0.split(separator: " ").dropLast().last ?? "") } ?? 0
  }

  /// User and system seconds that the tracker has used.
  var trackerCPU: Double {
    let text = String(decoding: Self.contents(of: "/proc/\(trackerPID)/stat"), as: UTF8.self)
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
