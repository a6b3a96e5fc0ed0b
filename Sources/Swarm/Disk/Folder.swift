// An open directory of our own. Every name in it is one component and is never followed if it is a symbolic
// link: what somebody plants there is refused, not obeyed.

internal import CLinux
internal import Glibc

final class Folder: Sendable {
  private let descriptor: Descriptor

  private init(_ descriptor: Descriptor) { self.descriptor = descriptor }

  /// One that is there, wherever a person says; links on the way are his business.
  convenience init(at path: LocalPath) throws(DiskTrouble) {
    let number = path.withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    // Links that go in circles; elsewhere it says that there is a link where none may be.
    if number < 0, errno == ELOOP { throw .failed(errno: ELOOP) }
    try orTrouble(number)
    self.init(Descriptor(takingOwnership: number))
  }

  /// One of our own, made if it is not there, for its user only.
  convenience init(making path: LocalPath) throws(DiskTrouble) {
    if path.withCString({ mkdir($0, 0o700) }) != 0, errno != EEXIST { throw DiskTrouble(errno: errno) }
    let number = path.withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }
    try orTrouble(number)
    self.init(Descriptor(takingOwnership: number))
    try keepOthersOut()
  }

  private func keepOthersOut() throws(DiskTrouble) {
    let status = try descriptor.status()
    guard status.st_uid == geteuid() else { throw .notPermitted }
    if status.st_mode & 0o077 != 0 { try orTrouble(fchmod(descriptor.number, 0o700)) }
  }

  func folder(_ name: String) throws(DiskTrouble) -> Folder {
    let number = openat(descriptor.number, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    try orTrouble(number)
    return Folder(Descriptor(takingOwnership: number))
  }

  func madeFolder(_ name: String) throws(DiskTrouble) -> Folder {
    if mkdirat(descriptor.number, name, 0o700) != 0, errno != EEXIST { throw DiskTrouble(errno: errno) }
    return try folder(name)
  }

  /// A regular file, or trouble. O_NONBLOCK so that a pipe that was planted does not hold us.
  func file(_ name: String, _ flags: Int32, mode: mode_t = 0o600) throws(DiskTrouble) -> Descriptor {
    try file(Array(name.utf8), flags, mode: mode)
  }

  func file(_ name: [UInt8], _ flags: Int32, mode: mode_t = 0o600) throws(DiskTrouble) -> Descriptor {
    let flags = flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    let number = withCString(name) { openat(descriptor.number, $0, flags, mode) }
    try orTrouble(number)
    let file = Descriptor(takingOwnership: number)
    guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .notAFile }
    return file
  }

  func sync() throws(DiskTrouble) { try descriptor.sync() }

  func lockForOneDaemon() throws(DiskTrouble) {
    if flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 { return }
    throw errno == EWOULDBLOCK ? .inUse : DiskTrouble(errno: errno)
  }

  func unlock() { flock(descriptor.number, LOCK_UN) }

  func device() throws(DiskTrouble) -> UInt64 { try descriptor.stamp().device }

  func freeBytes() throws(DiskTrouble) -> Int {
    let status = try disk()
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// Of the whole disk.
  func diskBytes() throws(DiskTrouble) -> Int {
    let status = try disk()
    return Int(status.f_blocks) * Int(status.f_frsize)
  }

  private func disk() throws(DiskTrouble) -> statvfs {
    var status = statvfs()
    try orTrouble(fstatvfs(descriptor.number, &status))
    return status
  }
}

// Names.
extension Folder {
  func has(_ name: String) -> Bool {
    faccessat(descriptor.number, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0
  }

  func has(_ name: [UInt8]) -> Bool { (try? status(of: name)) != nil }

  func status(of name: String) throws(DiskTrouble) -> stat { try status(of: Array(name.utf8)) }

  func status(of name: [UInt8]) throws(DiskTrouble) -> stat {
    var status = stat()
    let number = descriptor.number
    try orTrouble(withCString(name) { fstatat(number, $0, &status, AT_SYMLINK_NOFOLLOW) })
    return status
  }

  /// It is well if it was not there.
  func remove(_ name: String) throws(DiskTrouble) { try remove(Array(name.utf8)) }

  func remove(_ name: [UInt8]) throws(DiskTrouble) {
    if withCString(name, { unlinkat(descriptor.number, $0, 0) }) == 0 || errno == ENOENT { return }
    throw DiskTrouble(errno: errno)
  }

  /// A link or a pipe that somebody planted where a file of ours belongs.
  func removeIfNoFile(_ name: String) throws(DiskTrouble) {
    guard let status = try? status(of: name), status.st_mode & S_IFMT != S_IFREG else { return }
    try remove(name)
  }

  func removeFolder(_ name: String) throws(DiskTrouble) {
    try orTrouble(unlinkat(descriptor.number, name, AT_REMOVEDIR))
  }

  func rename(_ name: String, to newName: String, in other: Folder? = nil) throws(DiskTrouble) {
    try rename(Array(name.utf8), to: Array(newName.utf8), in: other)
  }

  func rename(_ name: [UInt8], to newName: [UInt8], in other: Folder? = nil) throws(DiskTrouble) {
    let target = (other ?? self).descriptor.number
    try orTrouble(
      withCString(name) { from in withCString(newName) { renameat(descriptor.number, from, target, $0) } })
  }

  /// Refuses to take the place of what is there.
  func renameToNew(_ name: [UInt8], to newName: [UInt8], in other: Folder? = nil) throws(DiskTrouble) {
    let number = descriptor.number
    let target = (other ?? self).descriptor.number
    let isDone = withCString(name) { from in
      withCString(newName) { to in
        if p2pfs_rename_to_new(number, from, target, to) == 0 { return true }
        guard errno == EINVAL || errno == ENOSYS else { return false }
        // Some network file systems have no such renaming; a link has the same promise.
        return linkat(number, from, target, to, 0) == 0 && unlinkat(number, from, 0) == 0
      }
    }
    if !isDone { throw DiskTrouble(errno: errno) }
  }

  func touch(_ name: String, milliseconds: Int64) {
    let time = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
    _ = utimensat(descriptor.number, name, [time, time], AT_SYMLINK_NOFOLLOW)
  }

  /// What lies in it, in no order; names that are not UTF-8 are none of ours and left out.
  func names() throws(DiskTrouble) -> [String] {
    let number = openat(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try orTrouble(number)
    guard let stream = fdopendir(number) else {
      close(number)
      throw DiskTrouble(errno: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      if let name, name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

// Small files, whole.
extension Folder {
  /// nil when it is not there, is no file, or has more bytes than such a file can have.
  func contents(of name: String, bytesMax: Int) throws(DiskTrouble) -> [UInt8]? {
    let file: Descriptor
    do {
      file = try self.file(name, O_RDONLY)
    } catch .missing, .notAFile, .isDirectory {
      return nil
    } catch {
      throw error
    }
    let count = Int(try file.status().st_size)
    guard count <= bytesMax else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    let read = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(DiskTrouble) in try file.read(into: buffer, at: 0) }
    }
    return Array(bytes.prefix(try read.get()))
  }

  enum Durability {
    /// Written, and whole or not at all for who reads it next; a power cut may bring back what was before.
    case processCrash
    case powerCut
  }

  /// Beside, then renamed: whole or not at all.
  func replace(_ name: String, with bytes: [UInt8], _ durability: Durability) throws(DiskTrouble) {
    let beside = name + ".new"
    try remove(beside)
    do throws(DiskTrouble) {
      let file = try self.file(beside, O_WRONLY | O_CREAT | O_EXCL)
      try file.write(bytes.span.bytes, at: 0)
      if durability == .powerCut { try file.syncData() }
      try rename(beside, to: name)
    } catch {
      try? remove(beside)
      throw error
    }
    if durability == .powerCut { try sync() }
  }
}
