// Other programs that are started from here: fusermount3, and ourselves in the background.

import CLinux
import Glibc

enum ChildProgram {
  /// POSIX_SPAWN_SETSID of <spawn.h>, which shows it to GNU sources only.
  private static let ownSession: Int16 = 0x80

  /// Waits for its end; nil where it could not be started or was killed. What it says is not shown.
  static func run(_ program: String, _ arguments: [String]) -> Int32? {
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard nothing >= 0 else { return nil }
    defer { close(nothing) }
    guard let process = start(program, arguments, streams: [nothing, nothing, nothing], ownSession: false)
    else { return nil }
    return exitCode(of: process)
  }

  /// nil for one that a signal has ended.
  static func exitCode(of process: pid_t) -> Int32? {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else { return nil }
    }
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
  }

  /// `streams` become its descriptors 0, 1, 2 and so on; it gets no others. nil, and errno, where it cannot be.
  static func start(
    _ program: String, _ arguments: [String], streams: [Int32], ownSession isApart: Bool
  ) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in streams.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, stream, Int32(number))
    }
    _ = p2pfs_close_from(&actions, Int32(streams.count))
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A daemon's threads have signals blocked, and it ignores SIGPIPE: nothing of that is the other program's.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var broken = sigset_t()
    sigemptyset(&broken)
    sigaddset(&broken, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &broken)
    let flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, flags | (isApart ? ownSession : 0))
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let result = posix_spawnp(&process, program, &actions, &attributes, words, p2pfs_environment())
    guard result == 0 else {
      errno = result
      return nil
    }
    return process
  }
}
