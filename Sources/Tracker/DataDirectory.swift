// Where a tracker keeps all that must last: the ledger, the authority, and the lock that makes one of several
// trackers the one that serves.

import Catalog
import Glibc
import GroupModel
import Link

struct DataDirectory {
  let path: String

  /// Makes the directory, and those above it, for its user only.
  init(making path: String) throws(Failure) {
    self.path = path
    try Self.makeParents(of: path)
    try Self.make(path)
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw .disk("\(path) is no directory: give another with --data")
    }
    guard status.st_uid == geteuid() else {
      throw .disk("\(path) belongs to another user: give a directory of your own with --data")
    }
    if status.st_mode & 0o077 != 0, chmod(path, 0o700) != 0 {
      throw Self.trouble("cannot keep others out of \(path)")
    }
    guard access(path, W_OK | X_OK) == 0 else { throw Self.trouble("cannot write to \(path)") }
  }

  private static func makeParents(of path: String) throws(Failure) {
    let parts = path.split(separator: "/").dropLast()
    var parent = path.hasPrefix("/") ? "" : "."
    for part in parts {
      parent += "/" + part
      try make(parent)
    }
  }

  /// A new one is on the disk before anything in it is: what is acknowledged later must not hang from a name that a
  /// power cut takes away.
  private static func make(_ directory: String) throws(Failure) {
    guard mkdir(directory, 0o700) != 0 else { return try sync(above(directory)) }
    if errno != EEXIST { throw trouble("cannot make the directory \(directory)") }
  }

  private static func above(_ directory: String) -> String {
    let parts = directory.split(separator: "/").dropLast()
    return (directory.hasPrefix("/") ? "/" : "./") + parts.joined(separator: "/")
  }

  static func trouble(_ what: String) -> Failure {
    .disk("\(what): \(systemWords(errno)): check the path given with --data, its owner and its free space")
  }

  private static let ledgerName = "ledger.sqlite"

  var ledgerPath: String { path + "/" + Self.ledgerName }

  /// What is to be said of a ledger that cannot be used.
  func failure(_ error: DatabaseError) -> Failure {
    switch error {
    case .damaged(let what): .disk("\(ledgerPath) is damaged (\(what)): put it back from a backup")
    case .tooNew(let version):
      .disk("\(ledgerPath) was written by a newer tracker (schema \(version)): run that one")
    case .full: .disk("no room on the disk of \(path): free some space and start again")
    case .busy, .io, .tooOld:
      .disk("cannot open \(ledgerPath): \(error.sentence): check the disk and the directory's owner")
    }
  }
}

// The lock.
extension DataDirectory {
  /// Held until the process ends, however it ends: the kernel lets go of it.
  func openLock() throws(Failure) -> Int32 {
    let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Self.trouble("cannot open \(path)/lock") }
    return descriptor
  }

  static func tryLock(_ lock: Int32) throws(Failure) -> Bool {
    if flock(lock, LOCK_EX | LOCK_NB) == 0 { return true }
    guard errno == EWOULDBLOCK else { throw trouble("cannot lock the data directory") }
    return false
  }

  /// Returns when the tracker that serves has gone.
  static func waitForLock(_ lock: Int32) {
    while flock(lock, LOCK_EX) != 0, errno == EINTR {}
  }
}

// The authority: its key and its certificate in one file, so that there is never one without the other.
extension DataDirectory {
  private static let certificateMark = Array("-----BEGIN CERTIFICATE-----".utf8)

  private static let authorityName = "authority.pem"

  private var authorityPath: String { path + "/" + Self.authorityName }

  private var besidePath: String { authorityPath + ".new" }

  /// Where no tracker was ever ready: one would make an authority there, another one than anybody can know.
  static func isNew(_ path: String) -> Bool {
    [authorityName, ledgerName].allSatisfy { access("\(path)/\($0)", F_OK) != 0 && errno == ENOENT }
  }

  /// The network's authority: as it was made at the first start, or made now. A ledger without its authority is no
  /// first start: another authority would be refused by everyone who knows the old one. Nor is an authority without its
  /// ledger: whoever came first could take the names of those who are in no ledger any more.
  func authority() throws(Failure) -> Authority {
    if var pem = try readPEM(authorityPath) {
      defer { wipe(&pem) }
      let authority = try authority(from: pem)
      try ledgerMustBeThere()
      return authority
    }
    return try begin()
  }

  /// The authority beside its place, then the ledger, then the authority in its place: so where that is missing and a
  /// ledger is there, what lies beside tells a first start that was cut off from an authority that was lost.
  private func begin() throws(Failure) -> Authority {
    let authority: Authority
    if access(ledgerPath, F_OK) != 0 {
      authority = try makeAuthority()
    } else {
      guard var pem = try readPEM(besidePath), let begun = try? self.authority(from: pem) else {
        throw .disk(
          "\(authorityPath) is missing: put it back from a backup, or begin anew with an empty directory")
      }
      wipe(&pem)
      authority = begun
    }
    try makeLedger()
    guard rename(besidePath, authorityPath) == 0 else { throw Self.trouble("cannot write \(authorityPath)") }
    try Self.sync(path)
    return authority
  }

  /// On the disk, and all of it in its own file.
  private func makeLedger() throws(Failure) {
    do throws(DatabaseError) { try SQLiteLedger(path: ledgerPath).close() } catch { throw failure(error) }
  }

  private func ledgerMustBeThere() throws(Failure) {
    var status = stat()
    let isThere = stat(ledgerPath, &status) == 0
    guard isThere || errno == ENOENT else { throw Self.trouble("cannot read \(ledgerPath)") }
    guard isThere, status.st_size > 0 else {
      throw .disk(
        "\(ledgerPath) is \(isThere ? "empty" : "missing"): put it back from a backup, "
          + "or remove the directory to begin a new network")
    }
  }

  private func authority(from pem: [UInt8]) throws(Failure) -> Authority {
    do throws(SealError) {
      let cut = pem.indices.first { pem[$0...].starts(with: Self.certificateMark) } ?? pem.endIndex
      return try Authority(keyPEM: Array(pem[..<cut]), certificatePEM: Array(pem[cut...]))
    } catch {
      throw .disk("\(authorityPath) is damaged (\(error)): put it back from a backup")
    }
  }

  private func makeAuthority() throws(Failure) -> Authority {
    let authority: Authority
    var pem: [UInt8]
    do throws(SealError) {
      authority = try Authority.make(now: secondsSince1970())
      pem = try authority.keyPEM() + authority.certificate.pem()
    } catch {
      throw .disk("cannot make the network's authority: \(error)")
    }
    defer { wipe(&pem) }
    try writeBeside(pem)
    return authority
  }

  private func readPEM(_ path: String) throws(Failure) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      guard errno == ENOENT else { throw Self.trouble("cannot read \(path)") }
      return nil
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = read(descriptor, &bytes, bytes.count)
    guard count >= 0 else { throw Self.trouble("cannot read \(path)") }
    return Array(bytes.prefix(count))
  }

  /// Whole and on the disk before there is a ledger.
  private func writeBeside(_ pem: [UInt8]) throws(Failure) {
    unlink(besidePath)
    let descriptor = open(besidePath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Self.trouble("cannot write \(besidePath)") }
    defer { close(descriptor) }
    guard write(descriptor, pem, pem.count) == pem.count, fsync(descriptor) == 0 else {
      throw Self.trouble("cannot write \(besidePath)")
    }
    try Self.sync(path)
  }

  private static func sync(_ directory: String) throws(Failure) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw trouble("cannot open \(directory)") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw trouble("cannot sync \(directory)") }
  }
}
