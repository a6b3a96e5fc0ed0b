// Keeps a database file to one writer, in this process and in all others. Debian's SQLite 3.40.1 loses
// committed transactions when two connections write or checkpoint at the same moment, so a second writer must
// not exist. The lock lies on a file of its own: closing any descriptor of the database would drop SQLite's
// locks on it.

internal import Glibc

struct WriterLock: ~Copyable {
  /// One that is ending, or has just been killed, lets go in a moment.
  private static let attemptsMax = 100
  private static let pauseMicroseconds: UInt32 = 20_000

  private let descriptor: Int32

  init(besides databasePath: String) throws(DatabaseError) {
    let path = databasePath + "-writer"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system("cannot open \(path)") }
    guard Self.takes(descriptor) else {
      close(descriptor)
      throw .busy
    }
    self.descriptor = descriptor
  }

  private static func takes(_ descriptor: Int32) -> Bool {
    for _ in 0..<attemptsMax {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      usleep(pauseMicroseconds)
    }
    return false
  }

  /// The file stays: removing it would let two writers lock two different files of one name.
  deinit { close(descriptor) }
}
