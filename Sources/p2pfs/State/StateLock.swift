// Held by a command while it changes the state directory: the next one waits. The system takes it back when
// the process ends, however it ends.

import Glibc

struct StateLock: ~Copyable {
  private static let name = "lock"

  private let descriptor: Int32

  /// Waits for whoever has it.
  init(on directory: StateDirectory) throws(Failure) {
    let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
    let file = openat(directory.descriptor, Self.name, flags, 0o600)
    guard file >= 0 else { throw .disk(errno, "opening \(Quoted.text(directory.name(Self.name)))") }
    while flock(file, LOCK_EX) != 0 {
      guard errno == EINTR else {
        let number = errno
        close(file)
        throw .disk(number, "locking \(Quoted.text(directory.name(Self.name)))")
      }
    }
    descriptor = file
  }

  /// nil where somebody has it: for what can as well be done by the next command.
  init?(unlessHeldOn directory: StateDirectory) {
    let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC
    let file = openat(directory.descriptor, Self.name, flags, 0o600)
    guard file >= 0 else { return nil }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      return nil
    }
    descriptor = file
  }

  deinit { close(descriptor) }
}
