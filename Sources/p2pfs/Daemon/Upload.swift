// One `upload_file`: local files into a group, each that is named and what is below it under its own name. What cannot
// be shared is left out and said, and the others are shared.

import GroupModel
import Swarm
import Volume

extension MemberEngine {
  func upload(_ paths: [String], to group: GroupName, _ door: any Door) throws(Failure) {
    try Upload(self, to: group, door).run(paths)
  }
}

/// ## Concurrency model
/// One thread's, the one that carries out the command.
private final class Upload {
  private let engine: MemberEngine
  private let group: GroupName
  private let door: any Door
  private let own: OwnDirectory?
  private let mounts = SwarmMounts()
  /// What this command has shared under each name, and where it lies without links on the way. Two files that are named
  /// together may have one name; what a single one holds has not.
  private var shared: [FilePath: LocalPath] = [:]
  private var isOfSeveral = false

  init(_ engine: MemberEngine, to group: GroupName, _ door: any Door) {
    self.engine = engine
    self.group = group
    self.door = door
    own = OwnDirectory(engine.volume.stateDirectory)
  }

  func run(_ paths: [String]) throws(Failure) {
    isOfSeveral = paths.count > 1
    var first: Failure?
    for path in paths {
      do throws(Failure) {
        let inside = try share(path)
        first = first ?? inside
      } catch {
        guard isOfSeveral, error.concernsOneFile else { throw error }
        first = first ?? error
        try leaveOut(path.utf8, error.sentence(for: nil))
      }
    }
    if let first { throw first }
  }

  /// What went wrong below it first, if anything did, and was said.
  private func share(_ text: String) throws(Failure) -> Failure? {
    let place = try engine.local(text)
    let named = LocalTree.isDots(place.name) ? try LocalTree.resolved(place) : place
    guard !named.name.isEmpty else {
      throw .malformed("\(Quoted.text(text)) has no name that it could have in a group: name what lies in it")
    }
    let name = try GroupPath.checked(String(decoding: named.name, as: UTF8.self))
    let start = try LocalTree.resolved(named)
    var first: Failure?
    try LocalTree.walk(named) { (found) throws(Failure) in
      do throws(Failure) {
        return try share(found, below: name, from: start)
      } catch {
        guard !found.below.isEmpty, error.concernsOneFile else { throw error }
        first = first ?? error
        try leaveOut(name.bytes(below: found), error.sentence(for: nil))
        return false
      }
    }
    return first
  }

  /// false for a directory that is not to be entered.
  private func share(
    _ found: LocalTree.Found, below name: FilePath, from start: LocalPath
  ) throws(Failure) -> Bool {
    guard !mounts.hold(found) else {
      throw .malformed("\(found.path) lies in a mount of p2pfs: copy it with cp, which shares it too")
    }
    guard own?.holds(found) != true else {
      throw .malformed("\(found.path) is p2pfs's own, with your key in it: share something else")
    }
    if let why = LeftLocal.reason(found) {
      guard !found.below.isEmpty else { throw LeftLocal.refusal(of: found, because: why) }
      try leaveOut(name.bytes(below: found), why)
      return false
    }
    let bytes = name.bytes(below: found)
    guard let path = try? FilePath(bytes) else {
      throw .malformed("\(Printable.escaped(bytes)) cannot be in a group: give it another name")
    }
    let place = found.below.isEmpty ? start : start.appending(found.below) ?? found.path
    guard try isNews(found, as: path, at: place) else { return false }
    try share(found, as: path)
    if isOfSeveral { shared[path] = place }
    return true
  }

  /// Two directories become one; a file does not take the place of another that was named beside it. What is named
  /// twice is shared once.
  private func isNews(
    _ found: LocalTree.Found, as path: FilePath, at place: LocalPath
  ) throws(Failure) -> Bool {
    guard let before = shared[path], before != place else { return shared[path] == nil }
    if case .directory = found.kind { return true }
    throw .wouldReplace("\(found.path)", "\(before)")
  }

  private func share(_ found: LocalTree.Found, as path: FilePath) throws(Failure) {
    let volume = engine.volume
    switch found.kind {
    case .other: throw .notAFile("\(found.path)")
    case .directory:
      try engine.volumeDoes { () throws(VolumeError) in try volume.makeDirectory(path, in: group) }
    case .symlink(let target):
      guard let target = LinkTarget(target, at: path) else {
        return try leaveOut(path.bytes, "its link leaves the group")
      }
      try engine.volumeDoes { () throws(VolumeError) in try volume.publish(target, as: path, in: group) }
      try say(path)
    case .file:
      let meter = ProgressMeter(path, in: group, door)
      defer { meter.end() }
      try engine.volumeDoes { () throws(VolumeError) in
        try volume.upload(found.path, as: path, to: group) { done, all in
          meter.tell(UInt64(done), of: UInt64(all))
          return engine.goesOn()
        }
      }
      try say(path)
    }
  }

  private func say(_ path: FilePath) throws(Failure) {
    try door.show(.line("sharing \(Printable.escaped(path.bytes)) in \(group)"))
  }

  private func leaveOut(_ path: some Collection<UInt8>, _ why: String) throws(Failure) {
    try door.show(.line("left out \(Printable.escaped(path)): \(why)"))
  }
}

extension FilePath {
  fileprivate func bytes(below found: LocalTree.Found) -> [UInt8] {
    found.below.isEmpty ? bytes : bytes + [UInt8(ascii: "/")] + found.below
  }
}

/// What is not for others, though it may lie among what is.
private enum LeftLocal {
  static func reason(_ found: LocalTree.Found) -> String? {
    let name = found.path.name
    if case .other = found.kind { return "it is no file and no directory" }
    if isOfDownload(name) { return "it is a download on its way" }
    if LeftByEditors.holds(name) { return "editors leave such files about" }
    return nil
  }

  /// For who names it.
  static func refusal(of found: LocalTree.Found, because why: String) -> Failure {
    if case .other = found.kind { return .notAFile("\(found.path)") }
    return .malformed("\(found.path) stays on this machine, \(why): give it another name to share it")
  }

  /// As `Destination` names them.
  private static func isOfDownload(_ name: [UInt8]) -> Bool {
    let mark = Array(".p2pfs-".utf8)
    guard name.first == UInt8(ascii: "."), name.count >= mark.count + 16 else { return false }
    return name.dropLast(16).suffix(mark.count).elementsEqual(mark)
  }
}

extension Failure {
  /// The others of a directory, or of a command line, can still be shared.
  fileprivate var concernsOneFile: Bool {
    switch self {
    case .disk, .notAFile, .malformed, .wouldReplace, .refused(.notYours), .refused(.isDirectory),
      .refused(.notDirectory), .refused(.fileExists):
      true
    default: false
    }
  }
}
