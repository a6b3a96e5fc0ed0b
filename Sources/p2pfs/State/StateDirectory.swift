// The person's state directory: keys, saved login, cache. Nobody else may look into it. Small files are replaced
// whole and durably; each is opened below the directory's own descriptor, never through a symbolic link.

import Glibc

final class StateDirectory {
  /// As the user wrote it, for sentences.
  let path: String
  let descriptor: Int32

  /// Makes it, with its parents, where it is missing.
  convenience init(making path: String) throws(Failure) {
    try DirectoryMaking.make(path)
    try self.init(opening: path)
  }

  /// nil where there is none.
  convenience init?(existing path: String) throws(Failure) {
    do throws(Failure) {
      try self.init(opening: path)
    } catch .disk(ENOENT, _) {
      return nil
    }
  }

  private init(opening path: String) throws(Failure) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .disk(errno, "opening the state directory \(Quoted.text(path))") }
    try makePrivate()
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Somebody else's is not ours to use, not even for root: the files in it would be his to replace.
  private func makePrivate() throws(Failure) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw trouble("looking at") }
    guard status.st_uid == geteuid() else { throw .foreignState(path: path, owner: status.st_uid) }
    guard status.st_mode & 0o077 != 0 else { return }
    guard fchmod(descriptor, 0o700) == 0 else { throw trouble("closing to others") }
  }

  private func trouble(_ doing: String) -> Failure {
    .disk(errno, "\(doing) the state directory \(Quoted.text(path))")
  }
}

extension StateDirectory {
  /// nil where there is no such file.
  func read(_ name: String, bytesMax: Int) throws(Failure) -> [UInt8]? {
    // Without O_NONBLOCK a pipe put in the file's place would hold us for ever.
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw trouble("opening", name, errno)
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw trouble("looking at", name, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw damaged(name, "it is no plain file, so remove it") }
    return try SmallFile.bytes(of: file, max: bytesMax, named: self.name(name))
  }

  /// The file holds `bytes` or what it held before, whatever happens meanwhile; once this returns, `bytes`.
  /// The temporary name is always the same, so that a crash leaves at most one behind; the lock makes it ours.
  func write(_ name: String, _ bytes: [UInt8], holding lock: borrowing StateLock) throws(Failure) {
    let temporary = ".\(name).new"
    unlinkat(descriptor, temporary, 0)
    let file = openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw trouble("making", temporary, errno) }
    do throws(Failure) {
      try fill(file, with: bytes, temporary)
    } catch {
      unlinkat(descriptor, temporary, 0)
      throw error
    }
    guard renameat(descriptor, temporary, descriptor, name) == 0 else {
      throw trouble("renaming", temporary, errno)
    }
    try sync()
  }

  func remove(_ name: String, holding lock: borrowing StateLock) throws(Failure) {
    guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
      throw trouble("removing", name, errno)
    }
    try sync()
  }

  /// `~/.local/state/p2pfs/login`, for sentences.
  func name(_ file: String) -> String { "\(path)/\(file)" }

  func damaged(_ file: String, _ remedy: String) -> Failure { .damaged(path: name(file), remedy: remedy) }

  private func fill(_ file: Int32, with bytes: [UInt8], _ name: String) throws(Failure) {
    defer { close(file) }
    // The umask may have taken away even our own right to read it.
    guard fchmod(file, 0o600) == 0 else { throw trouble("closing to others", name, errno) }
    guard SmallFile.write(bytes, to: file), fsync(file) == 0 else { throw trouble("writing", name, errno) }
  }

  /// A rename is durable when its directory is.
  private func sync() throws(Failure) {
    guard fsync(descriptor) == 0 else { throw trouble("writing") }
  }

  private func trouble(_ doing: String, _ file: String, _ number: Int32) -> Failure {
    .disk(number, "\(doing) \(Quoted.text(name(file)))")
  }
}

/// `mkdir -p -m 700`.
private enum DirectoryMaking {
  static func make(_ path: String) throws(Failure) {
    var end = path.utf8.startIndex
    while end < path.utf8.endIndex {
      end = path.utf8[path.utf8.index(after: end)...].firstIndex(of: UInt8(ascii: "/")) ?? path.utf8.endIndex
      try makeOne(String(path[..<end]))
    }
  }

  /// What is there already is looked at when it is opened. Some systems say EROFS or EACCES of a directory that
  /// exists, so only a missing one is trouble.
  private static func makeOne(_ path: String) throws(Failure) {
    guard mkdir(path, 0o700) != 0 else { return }
    let number = errno
    var status = stat()
    guard stat(path, &status) != 0 else { return }
    throw .disk(number, "making the directory \(Quoted.text(path))")
  }
}
