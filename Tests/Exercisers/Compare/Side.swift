// One of the two directories, and what operations give there.

import CLinux
import Glibc
import TestSupport

/// All that a program could see of an operation.
struct Seen: Hashable {
  var result: CallResult
  var bytes: [UInt8] = []
  var names: [DirectoryEntry] = []
  /// Of what it was done to, afterwards.
  var facts: Facts?
}

/// Of a file as stat tells it, without what differs from one file system to another.
struct Facts: Hashable {
  let kind: UInt32
  /// Directories have any.
  let size: Int
  let permissions: UInt32
  /// Nanoseconds since 1970; nil for what was changed in this run.
  let modified: Int?

  static let runBegins = Int(time(nil)) - 3_600

  init(_ status: stat) {
    kind = status.st_mode & S_IFMT
    size = kind == S_IFDIR ? 0 : Int(status.st_size)
    permissions = status.st_mode & 0o7777
    let seconds = status.st_mtim.tv_sec
    modified = seconds >= Self.runBegins ? nil : seconds * 1_000_000_000 + status.st_mtim.tv_nsec
  }
}

extension Facts: CustomStringConvertible {
  var description: String {
    let kinds = [S_IFDIR: "directory", S_IFREG: "file", S_IFLNK: "link"]
    return "\(kinds[kind] ?? "?") of \(size), mode 0\(String(permissions, radix: 8)), "
      + "changed \(modified.map { "at \($0)" } ?? "now")"
  }
}

final class Side {
  let root: String
  private var slots = [Int32](repeating: -1, count: Chooser.slots)

  init(_ root: String) { self.root = root }

  deinit { for slot in slots where slot >= 0 { close(slot) } }

  func place(_ path: String) -> String { root + "/" + path }

  func perform(_ operation: Operation) -> Seen {
    switch operation {
    case .open(let slot, let path, let flags): return open(slot, path, flags)
    case .close(let slot): return Seen(result: closeSlot(slot))
    case .duplicate(let slot, let to): return duplicate(slot, to)
    case .read(let slot, let offset, let count): return read(slot, offset, count)
    case .write(let slot, let offset, let count, let seed):
      let bytes = Self.bytes(count, seed)
      return seen(slot, CallResult(pwrite(slots[slot], bytes, count, offset)))
    case .append(let slot, let count, let seed):
      let bytes = Self.bytes(count, seed)
      return seen(slot, CallResult(write(slots[slot], bytes, count)))
    case .setSize(let slot, let size): return seen(slot, CallResult(ftruncate(slots[slot], size)))
    case .allocate(let slot, let how, let offset, let count):
      return seen(slot, CallResult(fallocate(slots[slot], how.rawValue, offset, count)))
    case .setTime(let slot, let time):
      return seen(slot, CallResult(futimens(slots[slot], Self.times(time))))
    case .sync(let slot): return seen(slot, CallResult(fsync(slots[slot])))
    case .look(let slot): return seen(slot, CallResult(0))
    default: return performOnPath(operation)
    }
  }

  private func performOnPath(_ operation: Operation) -> Seen {
    switch operation {
    case .writeWhole(let path, let count, let seed): return writeWhole(path, Self.bytes(count, seed))
    case .readWhole(let path): return readWhole(path)
    case .truncate(let path, let size):
      return seen(path, CallResult(Glibc.truncate(place(path), size)), follows: true)
    case .unlink(let path): return seenParent(path, CallResult(Glibc.unlink(place(path))))
    case .rename(let from, let to, let replaces):
      let result = CallResult(
        renameat2(AT_FDCWD, place(from), AT_FDCWD, place(to), replaces ? 0 : 1))
      var seen = seen(to, result, follows: false)
      seen.names = parentTimes(from) + parentTimes(to)
      return seen
    case .makeDirectory(let path): return seenParent(path, CallResult(mkdir(place(path), 0o755)))
    case .removeDirectory(let path): return seenParent(path, CallResult(rmdir(place(path))))
    case .link(let path, let target): return seenParent(path, CallResult(symlink(target, place(path))))
    case .readLink(let path): return readLink(path)
    case .list(let path): return listed(path)
    case .stat(let path, let follows): return seen(path, CallResult(0), follows: follows)
    case .setExecutable(let path, let isExecutable): return setMode(path, isExecutable ? 0o755 : 0o644)
    case .setTimeAt(let path, let time, let follows):
      let flags = follows ? 0 : AT_SYMLINK_NOFOLLOW
      return seen(
        path, CallResult(utimensat(AT_FDCWD, place(path), Self.times(time), flags)), follows: follows)
    default: preconditionFailure("\(operation) is done on slots")
    }
  }

  static func bytes(_ count: Int, _ seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    return random.bytes(count)
  }

  private static func times(_ time: Int) -> [timespec] {
    let modified = timespec(tv_sec: time / 1_000_000_000, tv_nsec: time % 1_000_000_000)
    return [modified, modified]
  }
}

// By slots.
extension Side {
  private func open(_ slot: Int, _ path: String, _ flags: Int32) -> Seen {
    let descriptor = Glibc.open(place(path), flags | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return Seen(result: CallResult(descriptor)) }
    _ = closeSlot(slot)
    slots[slot] = descriptor
    return seen(slot, CallResult(0))
  }

  private func closeSlot(_ slot: Int) -> CallResult {
    defer { slots[slot] = -1 }
    return CallResult(close(slots[slot]))
  }

  private func duplicate(_ slot: Int, _ to: Int) -> Seen {
    let descriptor = fcntl(slots[slot], F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { return Seen(result: CallResult(descriptor)) }
    _ = closeSlot(to)
    slots[to] = descriptor
    return seen(to, CallResult(0))
  }

  private func read(_ slot: Int, _ offset: Int, _ count: Int) -> Seen {
    var bytes = [UInt8](repeating: 0xEE, count: count)
    let result = CallResult(pread(slots[slot], &bytes, count, offset))
    return Seen(result: result, bytes: bytes)
  }

  private func seen(_ slot: Int, _ result: CallResult) -> Seen {
    var status = stat()
    let facts = fstat(slots[slot], &status) == 0 ? Facts(status) : nil
    return Seen(result: result, facts: facts)
  }
}

// By paths.
extension Side {
  func facts(_ path: String, follows: Bool) -> Facts? {
    var status = stat()
    let flags = follows ? 0 : AT_SYMLINK_NOFOLLOW
    return fstatat(AT_FDCWD, place(path), &status, flags) == 0 ? Facts(status) : nil
  }

  private func seen(_ path: String, _ result: CallResult, follows: Bool) -> Seen {
    Seen(result: result, facts: facts(path, follows: follows))
  }

  private func seenParent(_ path: String, _ result: CallResult) -> Seen {
    var seen = seen(path, result, follows: false)
    seen.names = parentTimes(path)
    return seen
  }

  /// The time of the directory that a path lies in, where that is one.
  private func parentTimes(_ path: String) -> [DirectoryEntry] {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let time = facts(parent, follows: true)?.modified
    return [DirectoryEntry(name: Array("\(parent) \(time.map(String.init) ?? "now")".utf8), kind: .directory)]
  }

  private func writeWhole(_ path: String, _ bytes: [UInt8]) -> Seen {
    let descriptor = Glibc.open(place(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return Seen(result: CallResult(descriptor)) }
    let result = CallResult(write(descriptor, bytes, bytes.count))
    let closed = CallResult(close(descriptor))
    return seen(path, closed.errno == 0 ? result : closed, follows: true)
  }

  private func readWhole(_ path: String) -> Seen {
    let descriptor = Glibc.open(place(path), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return Seen(result: CallResult(descriptor)) }
    defer { close(descriptor) }
    do {
      let bytes = try readAll(descriptor)
      return Seen(result: CallResult(bytes.count), bytes: bytes)
    } catch {
      return Seen(result: CallResult(-1))
    }
  }

  private func readLink(_ path: String) -> Seen {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { buffer in
      readlink(place(path), buffer.baseAddress!.assumingMemoryBound(to: CChar.self), 4096)
    }
    return Seen(result: CallResult(count), bytes: bytes)
  }

  private func listed(_ path: String) -> Seen {
    do {
      let entries = try list(joined(root, Array(path.utf8)))
      return Seen(
        result: CallResult(entries.count),
        names: entries.sorted { $0.name.lexicographicallyPrecedes($1.name) })
    } catch let error as CallError {
      Glibc.errno = error.errno
      return Seen(result: CallResult(-1))
    } catch {
      preconditionFailure("only calls fail")
    }
  }

  /// Directories keep their mode: it is not among what is promised.
  private func setMode(_ path: String, _ mode: mode_t) -> Seen {
    guard facts(path, follows: true)?.kind != S_IFDIR else { return Seen(result: CallResult(0)) }
    return seen(path, CallResult(chmod(place(path), mode)), follows: true)
  }
}
