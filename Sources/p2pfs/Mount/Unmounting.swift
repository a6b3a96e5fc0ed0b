// A directory that something is mounted on, and how it is taken off.

import CFuse
import Glibc

enum Unmounting {
  /// Whoever has something open there keeps it; nobody finds the way in any more. Root asks the system, others the
  /// program that may.
  static func detach(_ path: String) {
    if geteuid() == 0 {
      umount2(path, Int32(MNT_DETACH))
    } else {
      run("fusermount3", "-u", "-q", "-z", "--", path)
    }
  }

  private static func run(_ words: String...) {
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process = pid_t()
    guard posix_spawnp(&process, words[0], nil, nil, &arguments, environ) == 0 else { return }
    while waitpid(process, nil, 0) < 0, errno == EINTR {}
  }
}
