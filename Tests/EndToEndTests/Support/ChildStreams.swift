// What a child's standard streams are tied to: three pipes, or a terminal. And the one way in which a child is started.

import Foundation

struct ChildStreams {
  /// Our ends.
  let input: Int32
  let outputs: [Int32: Int32]
  /// The child's 0, 1 and 2; nil where it opens its terminal itself, which makes that the controlling one.
  private let childs: [Int32]?
  private let terminal: String?

  /// POSIX_SPAWN_SETSID of <spawn.h>, which shows it to GNU sources only.
  private static let inSessionOfItsOwn: Int16 = 0x80

  static func pipes() -> ChildStreams {
    var pipes = [[Int32]](repeating: [0, 0], count: 3)
    for index in pipes.indices {
      precondition(pipe(&pipes[index]) == 0)
      for end in pipes[index] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
    return ChildStreams(
      input: pipes[0][1], outputs: [1: pipes[1][0], 2: pipes[2][0]],
      childs: [pipes[0][0], pipes[1][1], pipes[2][1]], terminal: nil)
  }

  /// By the ioctls of ioctl_tty(2): posix_openpt and its kin are shown to X/Open sources only.
  static func terminal() -> ChildStreams {
    let (unlock, askNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    let ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (isLocked, number): (Int32, Int32) = (0, 0)
    precondition(
      ours >= 0 && ioctl(ours, unlock, &isLocked) == 0 && ioctl(ours, askNumber, &number) == 0,
      "the system gives no terminal")
    return ChildStreams(
      input: ours, outputs: [1: fcntl(ours, F_DUPFD_CLOEXEC, 3)], childs: nil, terminal: "/dev/pts/\(number)")
  }

  func spawn(_ command: [String], _ environment: [String: String]) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The threads that run tests have their signals blocked; whoever starts a program from a shell has not.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    let session = terminal == nil ? 0 : Self.inSessionOfItsOwn
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | session)
    tie(&actions)

    var all = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]
    all.merge(environment) { $1 }
    let arguments = command.map { strdup($0) } + [nil]
    let variables = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in arguments + variables { free(pointer) } }
    var child: pid_t = 0
    let result = posix_spawn(&child, command[0], &actions, &attributes, arguments, variables)
    for descriptor in childs ?? [] { close(descriptor) }
    let reason = String(cString: strerror(result))
    precondition(result == 0, "cannot start \(command[0]): \(reason): run 'make build'")
    return child
  }

  private func tie(_ actions: inout posix_spawn_file_actions_t) {
    if let childs {
      for (number, descriptor) in childs.enumerated() {
        posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
      }
    } else if let terminal {
      posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
      for number: Int32 in 1...2 { posix_spawn_file_actions_adddup2(&actions, 0, number) }
    }
  }
}
