// What is done to both sides alike. Files that are kept open are known by slots; paths are relative to the side.

import CLinux
import Glibc

enum Operation: Hashable {
  // By slots.
  case open(slot: Int, String, flags: Int32)
  case close(slot: Int)
  case duplicate(slot: Int, to: Int)
  case read(slot: Int, offset: Int, count: Int)
  case write(slot: Int, offset: Int, count: Int, seed: UInt64)
  /// At the descriptor's own place, wherever that is.
  case append(slot: Int, count: Int, seed: UInt64)
  case setSize(slot: Int, Int)
  case allocate(slot: Int, Allocation, offset: Int, count: Int)
  case setTime(slot: Int, Int)
  case sync(slot: Int)
  case look(slot: Int)

  // By paths.
  case writeWhole(String, count: Int, seed: UInt64)
  case readWhole(String)
  case truncate(String, Int)
  case unlink(String)
  case rename(String, String, replacing: Bool)
  case makeDirectory(String)
  case removeDirectory(String)
  case link(String, target: String)
  case readLink(String)
  case list(String)
  case stat(String, followingLinks: Bool)
  case setExecutable(String, Bool)
  case setTimeAt(String, Int, followingLinks: Bool)

  enum Allocation: Int32, Hashable, CaseIterable {
    case growing = 0
    case keepingSize = 1
    case punching = 3
    case zeroing = 0x10
    case zeroingKeepingSize = 0x11
  }
}

extension Operation: CustomStringConvertible {
  var description: String {
    switch self {
    case .open(let slot, let path, let flags): "open(#\(slot), \(path), \(Self.words(ofFlags: flags)))"
    case .close(let slot): "close(#\(slot))"
    case .duplicate(let slot, let to): "dup(#\(slot), #\(to))"
    case .read(let slot, let offset, let count): "pread(#\(slot), \(offset)+\(count))"
    case .write(let slot, let offset, let count, _): "pwrite(#\(slot), \(offset)+\(count))"
    case .append(let slot, let count, _): "write(#\(slot), \(count))"
    case .setSize(let slot, let size): "ftruncate(#\(slot), \(size))"
    case .allocate(let slot, let how, let offset, let count):
      "fallocate(#\(slot), \(how), \(offset)+\(count))"
    case .setTime(let slot, let time): "futimens(#\(slot), \(time))"
    case .sync(let slot): "fsync(#\(slot))"
    case .look(let slot): "fstat(#\(slot))"
    case .writeWhole(let path, let count, _): "write \(count) to \(path)"
    case .readWhole(let path): "read all of \(path)"
    case .truncate(let path, let size): "truncate(\(path), \(size))"
    case .unlink(let path): "unlink(\(path))"
    case .rename(let from, let to, let replaces):
      "rename(\(from), \(to)\(replaces ? "" : ", RENAME_NOREPLACE"))"
    case .makeDirectory(let path): "mkdir(\(path))"
    case .removeDirectory(let path): "rmdir(\(path))"
    case .link(let path, let target): "symlink(\(target), \(path))"
    case .readLink(let path): "readlink(\(path))"
    case .list(let path): "list \(path)"
    case .stat(let path, let follows): "\(follows ? "stat" : "lstat")(\(path))"
    case .setExecutable(let path, let isExecutable): "chmod(\(path), \(isExecutable ? "0755" : "0644"))"
    case .setTimeAt(let path, let time, let follows):
      "utimensat(\(path), \(time)\(follows ? "" : ", AT_SYMLINK_NOFOLLOW"))"
    }
  }

  private static func words(ofFlags flags: Int32) -> String {
    let modes = ["O_RDONLY", "O_WRONLY", "O_RDWR"]
    let more = [(O_CREAT, "O_CREAT"), (O_EXCL, "O_EXCL"), (O_TRUNC, "O_TRUNC"), (O_APPEND, "O_APPEND")]
      .filter { flags & $0.0 != 0 }.map(\.1)
    return ([modes[Int(flags & O_ACCMODE)]] + more).joined(separator: "|")
  }
}
