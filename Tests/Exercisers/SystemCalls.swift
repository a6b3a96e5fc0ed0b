// System calls as the exercises want them: names as bytes, since some are not UTF-8, and errno as a value.

import CLinux
import Glibc

/// What a call gave: its value, or errno.
struct CallResult: Hashable, CustomStringConvertible {
  var value: Int
  var errno: Int32

  init(_ value: Int) {
    self.value = value
    errno = value < 0 ? Glibc.errno : 0
  }

  init(_ value: Int32) { self.init(Int(value)) }

  var description: String { errno == 0 ? "\(value)" : "\(errnoName(errno))" }
}

struct CallError: Error, CustomStringConvertible {
  let call: String
  let errno: Int32

  var description: String { "\(call): \(errnoName(errno))" }
}

func errnoName(_ number: Int32) -> String {
  let names: [Int32: String] = [
    EPERM: "EPERM", ENOENT: "ENOENT", EINTR: "EINTR", EIO: "EIO", EBADF: "EBADF", EAGAIN: "EAGAIN",
    EACCES: "EACCES", EEXIST: "EEXIST", EXDEV: "EXDEV", ENOTDIR: "ENOTDIR", EISDIR: "EISDIR",
    EINVAL: "EINVAL", ETXTBSY: "ETXTBSY", EFBIG: "EFBIG", ENOSPC: "ENOSPC", EROFS: "EROFS",
    ENAMETOOLONG: "ENAMETOOLONG", ENOSYS: "ENOSYS", ENOTEMPTY: "ENOTEMPTY", ELOOP: "ELOOP",
    ENODATA: "ENODATA", EOPNOTSUPP: "EOPNOTSUPP", ESTALE: "ESTALE", ENOTCONN: "ENOTCONN",
    ETIMEDOUT: "ETIMEDOUT", EHOSTDOWN: "EHOSTDOWN", EHOSTUNREACH: "EHOSTUNREACH",
  ]
  return names[number] ?? "errno \(number)"
}

/// Throws what went wrong with a call that has to succeed.
@discardableResult
func must(_ call: @autoclosure () -> String, _ value: Int) throws -> Int {
  guard value >= 0 else { throw CallError(call: call(), errno: errno) }
  return value
}

@discardableResult
func must(_ call: @autoclosure () -> String, _ value: Int32) throws -> Int32 {
  Int32(try must(call(), Int(value)))
}

/// A path as bytes.
func joined(_ directory: String, _ name: [UInt8]) -> [CChar] {
  (Array(directory.utf8) + [UInt8(ascii: "/")] + name + [0]).map { CChar(bitPattern: $0) }
}

func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
  var done = 0
  while done < bytes.count {
    done += try must(
      "write", bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + done, $0.count - done) })
  }
}

func readAll(_ descriptor: Int32, by step: Int = 64 << 10) throws -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: step)
  while case let count = try must("read", read(descriptor, &buffer, buffer.count)), count > 0 {
    bytes.append(contentsOf: buffer[..<count])
  }
  return bytes
}

func contents(of path: [CChar]) throws -> [UInt8] {
  let descriptor = try must("open", open(path, O_RDONLY | O_CLOEXEC))
  defer { close(descriptor) }
  return try readAll(descriptor)
}

/// A new file.
func makeFile(_ path: [CChar], _ bytes: [UInt8]) throws {
  let descriptor = try must("open", open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644))
  do { try writeAll(bytes, to: descriptor) } catch {
    close(descriptor)
    throw error
  }
  try must("close", close(descriptor))
}

/// Kinds as readdir tells them.
enum FileKind: UInt8, Hashable {
  case unknown = 0
  case directory = 4
  case file = 8
  case symlink = 10
}

struct DirectoryEntry: Hashable {
  let name: [UInt8]
  let kind: FileKind
}

/// All of a directory but `.` and `..`, by getdents64 into buffers of that size.
func list(_ path: [CChar], bufferBytes: Int = 32 << 10) throws -> [DirectoryEntry] {
  let descriptor = try must("open", open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
  defer { close(descriptor) }
  var entries: [DirectoryEntry] = []
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferBytes, alignment: 8)
  defer { buffer.deallocate() }
  while case let count = try must("getdents64", getdents64(descriptor, buffer.baseAddress, bufferBytes)),
    count > 0
  {
    entries += parsed(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }
  return entries
}

/// `struct linux_dirent64`: inode, offset, length of the record, kind, name.
private func parsed(_ bytes: UnsafeRawBufferPointer) -> [DirectoryEntry] {
  var entries: [DirectoryEntry] = []
  var place = 0
  while place < bytes.count {
    let length = Int(bytes.loadUnaligned(fromByteOffset: place + 16, as: UInt16.self))
    let name = Array(bytes[(place + 19)..<(place + length)].prefix { $0 != 0 })
    if name != [46], name != [46, 46] {
      entries.append(DirectoryEntry(name: name, kind: FileKind(rawValue: bytes[place + 18]) ?? .unknown))
    }
    place += length
  }
  return entries
}

/// For people: quoted, with what a terminal would not show.
func shown(_ name: [UInt8]) -> String {
  guard name.count < 100 else { return "\(shown(Array(name.prefix(40))))… (\(name.count) bytes)" }
  let isPlain = name.allSatisfy { $0 >= 0x20 && $0 != 0x7F } && String(validating: name, as: UTF8.self) != nil
  if isPlain { return "'\(String(decoding: name, as: UTF8.self))'" }
  return "'" + name.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "\\x" + hex($0) }.joined()
    + "'"
}

private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
