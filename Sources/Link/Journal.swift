// What suits the journal: it knows when a line came and from whom, and takes its importance from a number in front.

internal import Glibc

/// How important a line is, by the numbers of syslog(3).
package enum Importance: Int, Sendable {
  case error = 3
  case warning, notice, info, debug

  /// In front of each line that goes to the journal, as sd-daemon(3) has it.
  package var prefix: String { "<\(rawValue)>" }
}

package enum Journal {
  /// Whether stderr leads there: a program whose stderr was turned elsewhere still has the variable.
  package static let isStandardError: Bool = {
    var status = stat()
    guard let variable = getenv("JOURNAL_STREAM"), fstat(STDERR_FILENO, &status) == 0 else { return false }
    return isMeant(by: String(cString: variable), device: status.st_dev, inode: status.st_ino)
  }()

  /// $JOURNAL_STREAM is `<device>:<inode>` in decimal numbers.
  static func isMeant(by variable: String, device: UInt, inode: UInt) -> Bool {
    variable == "\(device):\(inode)"
  }
}
