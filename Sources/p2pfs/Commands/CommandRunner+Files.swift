// Files into and out of groups: what only a daemon can do, since it has to go on sharing afterwards.

import GroupModel

/// What a daemon does with files. Calls wait until it is done; what takes long is told to the door.
protocol SharingEngine {
  func upload(_ paths: [String], to group: GroupName, _ door: any Door) throws(Failure)
  func download(_ path: String, of group: GroupName, to destination: String, _ door: any Door) throws(Failure)
  func fetch(_ link: ContentLink, to destination: String?, _ door: any Door) throws(Failure)
  func downloads() throws(Failure) -> [(group: GroupName, path: FilePath, isComplete: Bool)]
  func stopDownload(_ path: String, of group: GroupName) throws(Failure)
  func setSharing(_ path: String, of group: GroupName, isOn: Bool) throws(Failure)
  func peers(_ group: GroupName?, _ path: String?, _ door: any Door) throws(Failure)
  /// Until what was decided holds here, too, so that the next command finds it.
  func waitFor(_ number: UInt64, of id: GroupID, _ wish: Proposal.Wish, in group: GroupName)
  /// Waits until everything closed is published.
  func synchronize() throws(Failure)
  func unmount(_ place: String, _ door: any Door) throws(Failure)
  /// nil while nobody is logged in.
  var report: DaemonReport? { get }
}

extension CommandRunner {
  func runFiles(_ command: Command) throws(Failure) {
    guard let engine else { throw .noDaemon }
    switch command {
    case .uploadFile(let paths, let group): try engine.upload(paths, to: group, door)
    case .downloadFile(let group, let path, let destination):
      try engine.download(path, of: group, to: destination, door)
    case .fetch(let text, let destination): try engine.fetch(try ContentLink(text), to: destination, door)
    case .stopDownload(let group, let path):
      try engine.stopDownload(path, of: group)
      try door.show(.line("stopped the download of \(Printable.escaped(path))"))
    case .stopShare(let group, let path):
      try engine.setSharing(path, of: group, isOn: false)
      try door.show(.line("stopped sharing \(Printable.escaped(path)) in \(group)"))
    case .startShare(let group, let path):
      try engine.setSharing(path, of: group, isOn: true)
      try door.show(.line("sharing \(Printable.escaped(path)) in \(group)"))
    case .sync: try engine.synchronize()
    case .unmount(let place): try engine.unmount(place, door)
    case .peers(let group, let path): try engine.peers(group, path, door)
    default: try showDownloads(engine)
    }
  }

  private func showDownloads(_ engine: any SharingEngine) throws(Failure) {
    let downloads = try engine.downloads()
    try door.show(.table([Answer.Column("STATE"), Answer.Column("GROUP"), Answer.Column("PATH")]))
    for download in downloads {
      let state = download.isComplete ? "[C]" : "[D]"
      try door.show(.row([state, "[\(download.group)]", Printable.escaped(download.path.bytes)]))
    }
  }

  /// The catalog knows it; no daemon is needed. Of a directory, all that is below it.
  func showLink(_ group: GroupName, _ text: String) throws(Failure) {
    let path = try GroupPath.checked(text)
    var isFound = false
    try files.forEachFile(of: group, over: try session().line) { file throws(Failure) in
      guard file.path == path || file.path.isInside(path) else { return }
      isFound = true
      if let link = ContentLink(group: group, file: file) {
        try door.show(.line(link.description))
      } else if file.path == path {
        throw .malformed("\(Quoted.text(text)) is a symbolic link and has no content: name a file")
      }
    }
    guard isFound else { throw .refused(.noSuchFile) }
  }
}

/// A path in a group, as people write it.
enum GroupPath {
  /// Slashes at the end are what a shell's completion leaves.
  static func checked(_ text: String) throws(Failure) -> FilePath {
    var rest = text[...]
    while rest.count > 1, rest.hasSuffix("/") { rest.removeLast() }
    do throws(PathError) { return try FilePath(rest) } catch {
      throw .malformed("\(Quoted.text(text)) is no file of a group: \(error.sentence)")
    }
  }
}
