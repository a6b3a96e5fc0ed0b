// `unmount`: in the daemon whose directory it is, and in the shell that waits for it to be gone.

import Glibc
import GroupModel
import Link

enum UnmountCommand {
  /// In the daemon.
  static func run(
    _ mount: MountLife?, _ place: String, _ door: any Door, _ goesOn: @Sendable () -> Bool
  ) throws(Failure) {
    guard let mount, MountPlace.resolved(place) == mount.place.path else { throw .notMounted(place) }
    let notes = try mount.unmount(while: goesOn)
    for note in notes { try door.show(.line(note)) }
  }
}

extension UnmountCommand {
  /// The daemon writes down what is left and ends.
  private static let endMilliseconds = 20_000

  /// In the shell. A mount of another state directory, or of a daemon that died, is ended from here.
  static func run(_ place: String, _ line: ShellLine, at door: any Door) throws(Failure) -> Int32 {
    let path = MountPlace.resolved(place)
    let state = try line.options.stateDirectory()
    let isMounted = MountTable.isOurs(path)
    let words = ["unmount", path]
    var end: (code: Int32, sentence: String)?
    do throws(Failure) { end = try DaemonCall.end(of: line, words: words, at: door) } catch .noDaemon {
      // It ended before it could answer.
      if isMounted, !MountTable.isOurs(path) { end = (0, "") }
    }
    switch end {
    case (0, _)?: try waitForEnd(in: state)
    case (ExitCode.noSuch, _)? where isMounted, nil where isMounted: try endFromHere(path)
    case let (code, sentence)?:
      StandardStreams.complain("p2pfs: \(sentence)")
      return code
    case nil: throw .noDaemon
    }
    try door.show(.line("unmounted \(Printable.escaped(path))"))
    return 0
  }

  private static func waitForEnd(in state: String) throws(Failure) {
    let deadline = Instant.now + endMilliseconds
    while Daemon.runs(in: state) {
      guard Instant.now < deadline else {
        throw .inUse("the daemon is still at work though its directory is unmounted: see \(state)/daemon.log")
      }
      // Its lock is free when it has ended, whoever's child it is; nobody is told of that.
      usleep(5_000)
    }
  }

  private static func endFromHere(_ path: String) throws(Failure) {
    if MountPlace.isDead(path) {
      MountPlace.detach(path)
    } else {
      try MountPlace.release(path)
    }
  }
}
