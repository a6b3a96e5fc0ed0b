// How wide the terminal is now.

import CLinux
import Glibc

enum TerminalWidth {
  static var columns: Int {
    let columns = p2pfs_terminal_columns(STDOUT_FILENO)
    return columns > 0 ? Int(columns) : 80
  }
}
