// What is mounted, and whether anybody is behind it. A daemon that was killed leaves its mount; one that hangs would
// hold whoever looks, so each is looked at on a thread of its own.

import Glibc
import GroupModel
import Link

enum MountLook: Hashable, Sendable {
  case alive
  /// Its daemon has died.
  case dead
  /// Somebody else's.
  case closedToUs
  case trouble(Int32)
}

enum MountChecks {
  /// Those of p2pfs, wherever they are.
  static func begin() -> [(row: MountedRow, look: Bounded<MountLook>)] {
    MountTable.places().filter { $0.type == MountTable.type }.map { row in
      (row, Bounded { look(at: row.path) })
    }
  }

  /// `stat` would be answered from the kernel's memory; for the space that is left it has to ask.
  private static func look(at path: String) -> MountLook {
    var space = statvfs()
    guard statvfs(path, &space) != 0 else { return .alive }
    switch errno {
    case ENOTCONN, ECONNABORTED: return .dead
    case EACCES: return .closedToUs
    default: return .trouble(errno)
    }
  }

  /// `look` is nil for one that did not answer.
  static func finding(_ row: MountedRow, _ look: MountLook?) -> Finding {
    let name = Quoted.text(row.path)
    switch look {
    case .alive: return .ok("mount", "\(name) answers (\(Printable.escaped(row.source)))")
    case .closedToUs: return .info("mount", "\(name) is another user's")
    case .dead:
      return .problem(
        "mount", "\(name) is left of a daemon that died: everything in it fails",
        "p2pfs unmount \(name) frees it, and so does mounting there again")
    case .trouble(let number):
      return .problem(
        "mount", "\(name) fails, \(String(cString: strerror(number)))",
        "free it with fusermount3 -uz \(name)")
    case nil:
      return .problem(
        "mount", "\(name) does not answer: its daemon hangs",
        "look at its log, end the daemon, then free it with fusermount3 -uz \(name)")
    }
  }
}
