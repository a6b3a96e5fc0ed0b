// What a daemon does with files, over the volume of whoever is logged in: paths become names in a group, troubles
// become failures, and progress is told while it lasts.

import Glibc
import GroupModel
import Link
import Swarm
import Volume

struct MemberEngine: SharingEngine {
  private static let progressMilliseconds = 200

  let volume: GroupVolume
  /// Where relative paths begin.
  let directory: String
  /// A console goes on taking commands while a download runs.
  let waitsForDownloads: Bool
  /// Asked while something lasts: false when nobody waits for it any longer.
  var goesOn: @Sendable () -> Bool = { true }
  /// nil where nothing is mounted.
  var mount: MountLife?

  private func local(_ path: String) throws(Failure) -> LocalPath {
    let whole = path.hasPrefix("/") ? path : "\(directory)/\(path)"
    var end = whole[...]
    while end.count > 1, end.hasSuffix("/") { end.removeLast() }
    guard let local = LocalPath(end) else { throw .disk(ENAMETOOLONG, Quoted.text(path)) }
    return local
  }
}

// Uploads.
extension MemberEngine {
  func upload(_ paths: [String], to group: GroupName, _ door: any Door) throws(Failure) {
    var first: Failure?
    for path in paths {
      do throws(Failure) {
        try upload(try local(path), to: group, door)
      } catch {
        guard paths.count > 1, first == nil else { throw error }
        first = error
      }
    }
    if let first { throw first }
  }

  private func upload(_ file: LocalPath, to group: GroupName, _ door: any Door) throws(Failure) {
    let name = try GroupPath.checked(String(decoding: file.name, as: UTF8.self))
    try LocalTree.walk(file) { (found) throws(Failure) in
      let path = found.below.isEmpty ? name : try GroupPath.checked("\(name)/\(found.below)")
      try upload(found, as: path, to: group, door)
    }
  }

  private func upload(
    _ found: LocalTree.Found, as path: FilePath, to group: GroupName, _ door: any Door
  ) throws(Failure) {
    switch found.kind {
    case .directory:
      try volumeDoes { () throws(VolumeError) in try volume.makeDirectory(path, in: group) }
    case .symlink(let target):
      guard let target = LinkTarget(target, at: path) else {
        return try door.show(.line("left out \(Printable.escaped(path.bytes)): its link leaves the group"))
      }
      try volumeDoes { () throws(VolumeError) in try volume.publish(target, as: path, in: group) }
      try door.show(.line("sharing \(Printable.escaped(path.bytes)) in \(group)"))
    case .file:
      let meter = ProgressMeter(path, in: group, door)
      try volumeDoes { () throws(VolumeError) in
        try volume.upload(found.path, as: path, to: group) { done, all in
          meter.tell(UInt64(done), of: UInt64(all))
          return goesOn()
        }
      }
      meter.end()
      try door.show(.line("sharing \(Printable.escaped(path.bytes)) in \(group)"))
    }
  }
}

// Downloads.
extension MemberEngine {
  func download(_ path: String, of group: GroupName, to destination: String, _ door: any Door) throws(Failure)
  {
    let path = try GroupPath.checked(path)
    let place = try self.destination(destination, for: path)
    let files = try volumeDoes { () throws(VolumeError) in try volume.files(at: path, in: group) }
    guard let files else { return try download(path, of: group, to: place, door) }
    try LocalTree.makeDirectory(place)
    for file in files {
      let below = file.path.bytes.dropFirst(path.bytes.count + 1)
      guard let there = place.appending(below) else { throw .disk(ENAMETOOLONG, "\(place)") }
      if file.kind.isDirectory {
        try LocalTree.makeDirectory(there)
      } else if case .symlink(let target) = file.kind {
        try LocalTree.makeLink(there, to: target.bytes)
      } else {
        try download(file.path, of: group, to: there, door)
      }
    }
  }

  /// As cp has it: into a directory that is there, under the file's own name.
  private func destination(_ text: String, for path: FilePath) throws(Failure) -> LocalPath {
    let place = try local(text)
    guard LocalTree.isDirectory(place) else { return place }
    guard let inside = place.appending(path.name) else { throw .disk(ENAMETOOLONG, Quoted.text(text)) }
    return inside
  }

  private func download(
    _ path: FilePath, of group: GroupName, to place: LocalPath, _ door: any Door
  ) throws(Failure) {
    let transfer = try volumeDoes { () throws(VolumeError) in try volume.download(path, of: group, to: place)
    }
    try follow(transfer, to: place, door)
  }

  func fetch(_ link: ContentLink, to destination: String?, _ door: any Door) throws(Failure) {
    let name = String(decoding: link.path.name, as: UTF8.self)
    let place = try self.destination(destination ?? name, for: link.path)
    guard let content = FileContent(size: link.byteCount, root: link.root, isExecutable: false) else {
      throw .strangeAnswer
    }
    let transfer = try volumeDoes { () throws(VolumeError) in
      try volume.fetch(content, known: link.path, in: link.group, to: place)
    }
    try follow(transfer, to: place, door)
  }

  private func follow(_ transfer: Transfer, to place: LocalPath, _ door: any Door) throws(Failure) {
    let path = Printable.escaped(transfer.path.bytes)
    guard waitsForDownloads || transfer.result != nil else {
      return try door.show(.line("downloading \(path) of \(transfer.group) to \(place)"))
    }
    let meter = ProgressMeter(transfer.path, in: transfer.group, door)
    var patience = Patience(transfer, volume)
    while !transfer.wait(milliseconds: Self.progressMilliseconds) {
      meter.tell(transfer.doneBytes, of: transfer.totalBytes)
      if !goesOn() { transfer.cancel() }
      if let trouble = patience.isOver() { transfer.fail(trouble) }
    }
    meter.end()
    try volumeDoes { () throws(VolumeError) in try transfer.result?.get() }
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
  var report: DaemonReport? {
    let peers = volume.swarm.statistics()?.peers ?? []
    let usage = volume.store.usage
    var report = DaemonReport(
      listening: volume.listening.description, peers: peers.count,
      sendRate: peers.reduce(0) { $0 + $1.sendRate }, receiveRate: peers.reduce(0) { $0 + $1.receiveRate },
      cachedBytes: usage.fetchedBytes, cacheBytesMax: usage.limitBytes,
      transfers: volume.transfers.map {
        DaemonReport.Transfer(
          label: "\($0.group)/\(Printable.escaped($0.path.bytes))", doneBytes: $0.doneBytes,
          totalBytes: $0.totalBytes)
      })
    report.mounted = mount?.point.path
    report.pending = mount?.pending ?? []
    return report
  }

  func synchronize() throws(Failure) { try mount?.synchronize(while: goesOn) }

  func unmount(_ place: String, _ door: any Door) throws(Failure) {
    try Unmounting.run(mount, WorkingDirectory.absolute(place, from: directory), door, goesOn)
  }

  func setSharing(_ path: String, of group: GroupName, isOn: Bool) throws(Failure) {
    let path = try GroupPath.checked(path)
    try volumeDoes { () throws(VolumeError) in
      isOn ? try volume.startSharing(path, in: group) : try volume.stopSharing(path, in: group)
    }
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

  private func volumeDoes<Result>(_ body: () throws(VolumeError) -> Result) throws(Failure) -> Result {
    do throws(VolumeError) { return try body() } catch { throw Failure(error) }
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
    case .disk(.exists, let path): self = .destinationExists(path?.description ?? "it")
    case .disk(let trouble, let path): self = .disk(trouble.errno, path?.description ?? "the disk")
    case .state(let text): self = .configuration("\(text): check the state directory")
    }
  }
}
