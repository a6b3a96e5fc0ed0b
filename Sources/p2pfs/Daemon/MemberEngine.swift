// What a daemon does with files, over the volume of whoever is logged in: paths become names in a group, troubles
// become failures, and progress is told while it lasts. How local files get into a group is in Upload.swift.

import Glibc
import GroupModel
import Link
import Swarm
import Volume

struct MemberEngine: SharingEngine {
  private static let progressMilliseconds = 200
  private static let endMilliseconds = 10_000

  let volume: GroupVolume
  /// Where relative paths begin.
  let directory: String
  /// A console goes on taking commands while a download runs.
  let waitsForDownloads: Bool
  /// Asked while something lasts: false when nobody waits for it any longer.
  var goesOn: @Sendable () -> Bool = { true }
  /// nil where nothing is mounted.
  var mount: MountLife?

  /// Without `.` on the way, and without slashes at the end.
  func local(_ path: String) throws(Failure) -> LocalPath {
    guard !path.isEmpty else { throw .malformed("'' is no place: name a file or a directory") }
    let whole = path.hasPrefix("/") ? path : "\(directory)/\(path)"
    let parts = whole.split(separator: "/").filter { $0 != "." }
    guard let local = LocalPath("/" + parts.joined(separator: "/")) else {
      throw .disk(ENAMETOOLONG, Quoted.text(path))
    }
    return local
  }
}

// What the tracker decided.
extension MemberEngine {
  func waitFor(_ number: UInt64, of id: GroupID, _ wish: Proposal.Wish, in group: GroupName) {
    switch wish {
    case .leave: volume.book.waitUntilIn(group, false)
    case .found: volume.book.waitUntilIn(group)
    // Who only asks to join hears nothing of the group yet.
    case .join: break
    default: volume.book.waitFor(number, of: id)
    }
  }
}

// Downloads.
extension MemberEngine {
  func download(_ text: String, of group: GroupName, to destination: String, _ door: any Door) throws(Failure)
  {
    let path = try GroupPath.checked(text)
    let kind = try volumeDoes { () throws(VolumeError) in try volume.kind(of: path, in: group) }
    switch kind {
    case .directory: try downloadTree(path, of: group, to: destination, door)
    case .file:
      guard !text.hasSuffix("/") else { throw .refused(.notDirectory) }
      try download(path, of: group, to: try self.destination(destination, for: path), door)
    case .symlink(let target):
      let place = try self.destination(destination, for: path)
      try LocalTree.makeLink(place, to: target.bytes)
      try door.show(.line("downloaded \(Printable.escaped(path.bytes)) of \(group) to \(place)"))
    }
  }

  /// As cp has it: into a directory that is there, under the file's own name.
  private func destination(_ text: String, for path: FilePath) throws(Failure) -> LocalPath {
    let place = try local(text)
    guard LocalTree.isDirectory(place) else {
      if text.hasSuffix("/") { try LocalTree.mustBeDirectory(place) }
      return place
    }
    guard let inside = place.appending(path.name) else { throw .disk(ENAMETOOLONG, Quoted.text(text)) }
    return inside
  }

  private func downloadTree(
    _ path: FilePath, of group: GroupName, to destination: String, _ door: any Door
  ) throws(Failure) {
    let files = try volumeDoes { () throws(VolumeError) in try volume.files(at: path, in: group) } ?? []
    let tree = TreeDownload(path, of: group, to: try local(destination))
    try volume.downloading(tree) { () throws(Failure) in
      let place = try treePlace(destination, for: path, of: group, files)
      try LocalTree.makeDirectory(place)
      return place
    } _: { (place) throws(Failure) in
      try download(files, below: path, of: group, to: place, door)
    }
  }

  private func download(
    _ files: [Entry], below path: FilePath, of group: GroupName, to place: LocalPath, _ door: any Door
  ) throws(Failure) {
    for file in files {
      let there = try self.place(of: file, below: path, in: place)
      switch file.kind {
      case .directory: try LocalTree.makeDirectory(there)
      case .symlink(let target): try LocalTree.makeLink(there, to: target.bytes)
      case .file:
        if volume.hasCome(file.path, in: group, to: there) { continue }
        try download(file.path, of: group, to: there, asPart: true, door)
      }
    }
  }

  private func place(of file: Entry, below path: FilePath, in place: LocalPath) throws(Failure) -> LocalPath {
    guard let there = place.appending(file.path.bytes.dropFirst(path.bytes.count + 1)) else {
      throw .disk(ENAMETOOLONG, "\(place)")
    }
    return there
  }

  /// A directory that is there gets the tree under its own name, unless it is this tree, begun and not finished.
  private func treePlace(
    _ text: String, for path: FilePath, of group: GroupName, _ files: [Entry]
  ) throws(Failure) -> LocalPath {
    let place = try local(text)
    guard LocalTree.isDirectory(place) else { return place }
    guard let inside = place.appending(path.name) else { throw .disk(ENAMETOOLONG, Quoted.text(text)) }
    var complete = 0
    var begun = 0
    for file in files where !file.kind.isDirectory {
      let there = try self.place(of: file, below: path, in: place)
      guard let isComplete = volume.isComplete(file.path, in: group, at: there) else { continue }
      begun += 1
      complete += isComplete ? 1 : 0
    }
    let isBegun = begun > 0 && complete < files.count(where: { $0.kind.isFile })
    return isBegun ? place : inside
  }

  private func download(
    _ path: FilePath, of group: GroupName, to place: LocalPath, asPart: Bool = false, _ door: any Door
  ) throws(Failure) {
    let transfer = try volumeDoes { () throws(VolumeError) in
      try volume.download(path, of: group, to: place, asPart: asPart)
    }
    try follow(transfer, to: place, door)
  }

  func fetch(_ link: ContentLink, to destination: String?, _ door: any Door) throws(Failure) {
    let entry = try volumeDoes { () throws(VolumeError) in
      try volume.entry(holding: link.root, bytes: link.byteCount, named: link.path, in: link.group)
    }
    let place = try self.destination(destination ?? ".", for: entry.path)
    try download(entry.path, of: link.group, to: place, door)
  }

  private func follow(_ transfer: Transfer, to place: LocalPath, _ door: any Door) throws(Failure) {
    let path = Printable.escaped(transfer.path.bytes)
    guard waitsForDownloads || transfer.result != nil else {
      return try door.show(.line("downloading \(path) of \(transfer.group) to \(place)"))
    }
    let meter = ProgressMeter(transfer.path, in: transfer.group, door)
    defer { meter.end() }
    var patience = Patience(transfer, volume)
    while !transfer.wait(milliseconds: Self.progressMilliseconds) {
      meter.tell(transfer.doneBytes, of: transfer.totalBytes)
      if !goesOn() {
        transfer.leave()
        throw .calledOff
      }
      if let trouble = patience.isOver() { transfer.fail(trouble) }
    }
    // Who hears how it ended finds its files so.
    transfer.waitUntilOver(milliseconds: Self.endMilliseconds)
    try volumeDoes { () throws(VolumeError) in try transfer.result?.get() }
    meter.end()
    try door.show(.line("downloaded \(path) of \(transfer.group) to \(place)"))
  }

  func downloads() -> [(group: GroupName, path: FilePath, isComplete: Bool)] { volume.downloads }

  func stopDownload(_ path: String, of group: GroupName) throws(Failure) {
    let path = try GroupPath.checked(path)
    try volumeDoes { () throws(VolumeError) in try volume.stopDownload(path, of: group) }
  }
}

// The rest.
extension MemberEngine {
  func synchronize() throws(Failure) { try mount?.synchronize(while: goesOn) }

  func unmount(_ place: String, _ door: any Door) throws(Failure) {
    try UnmountCommand.run(mount, WorkingDirectory.absolute(place, from: directory), door, goesOn)
  }

  func setSharing(_ path: String, of group: GroupName, isOn: Bool) throws(Failure) {
    let path = try GroupPath.checked(path)
    try volumeDoes { () throws(VolumeError) in
      guard let files = try sharesBelow(path, of: group, isOn: isOn) else {
        return try setSharing(path, of: group, isOn)
      }
      for file in files { try setSharingIfThere(file, of: group, isOn) }
    }
  }

  /// Others may have removed or replaced it meanwhile, or it is not in the group yet.
  private func setSharingIfThere(
    _ file: FilePath, of group: GroupName, _ isOn: Bool
  ) throws(VolumeError) {
    do throws(VolumeError) { try setSharing(file, of: group, isOn) } catch {
      guard error == .refused(.noSuchFile) || error == .notShared else { throw error }
    }
  }

  private func setSharing(_ file: FilePath, of group: GroupName, _ isOn: Bool) throws(VolumeError) {
    isOn ? try volume.startSharing(file, in: group) : try volume.stopSharing(file, in: group)
  }

  /// Of a directory, all that it concerns; nil where it is a file that is named.
  private func sharesBelow(
    _ path: FilePath, of group: GroupName, isOn: Bool
  ) throws(VolumeError) -> [FilePath]? {
    let stopped = isOn ? try volume.stoppedShares(below: path, in: group) : []
    if !stopped.isEmpty { return stopped }
    let shared = try volume.shares(below: path, in: group)
    // What is shared is started already.
    if !shared.isEmpty { return isOn ? [] : shared }
    do throws(VolumeError) {
      guard try volume.kind(of: path, in: group).isDirectory else { return nil }
    } catch .refused(.noSuchFile) {
      return nil
    }
    throw .notShared
  }

  func peers(_ group: GroupName?, _ path: String?, _ door: any Door) throws(Failure) {
    if let group, let path { return try holders(try GroupPath.checked(path), of: group, door) }
    try door.show(
      .table([
        Answer.Column("USER"), Answer.Column("ADDRESS"), Answer.Column("SENT", isNumber: true),
        Answer.Column("RECEIVED", isNumber: true),
      ]))
    for peer in volume.swarm.statistics()?.peers ?? [] {
      try door.show(
        .row([
          peer.peer.user.description, peer.address.description, String(peer.sentBytes),
          String(peer.receivedBytes),
        ]))
    }
  }

  private func holders(_ path: FilePath, of group: GroupName, _ door: any Door) throws(Failure) {
    let holders = try volumeDoes { () throws(VolumeError) in try volume.holders(of: path, in: group) }
    try door.show(.table([Answer.Column("USER"), Answer.Column("PIECES", isNumber: true)]))
    for holder in holders { try door.show(.row([holder.user.description, holder.pieces])) }
  }

  func volumeDoes<Result>(_ body: () throws(VolumeError) -> Result) throws(Failure) -> Result {
    do throws(VolumeError) { return try body() } catch { throw Failure(error).explained(by: volume) }
  }
}

extension Failure {
  init(_ error: VolumeError) {
    switch error {
    case .refused(let refusal): self = .refused(refusal)
    case .noTracker: self = .noTracker([])
    case .noSource: self = .noSource
    case .timedOut: self = .timedOut
    case .cancelled: self = .calledOff
    case .badPath(let error): self = .malformed("that is no file of a group: \(error.sentence)")
    case .cannotListen(let what): self = .cannotListen(what)
    case .noDownload: self = .noDownload("that file")
    case .downloadsElsewhere(let place): self = .downloadsElsewhere("\(place)")
    case .notShared: self = .notShared("that file")
    case .disk(.notAFile, let path): self = .notAFile(path?.description ?? "it")
    case .disk(.exists, let path): self = .destinationExists(path?.description ?? "it")
    case .disk(.changed, let path): self = .fileChanged(path?.description ?? "it")
    case .disk(let trouble, let path): self = .disk(trouble.errno, path?.description ?? "the disk")
    case .state(let text):
      self = .unusable("\(text): check the state directory, its permissions and its disk")
    }
  }
}
