// The directory over which the groups are mounted: made where it is missing, freed of a mount whose daemon has died,
// and unmounted when nobody uses it.

import CLinux
import Glibc
import GroupModel

struct MountPlace: Hashable, Sendable {
  /// Without symbolic links, as the kernel lists it.
  let path: String

  /// What is in it is hidden while it is mounted, and from the daemon too.
  init(preparing text: String, beside state: String) throws(Failure) {
    let place = WorkingDirectory.absolute(text)
    try Self.heal(place)
    try Self.make(place)
    guard let real = realpath(place, nil) else { throw Self.unusable(place, errno) }
    defer { free(real) }
    path = String(cString: real)
    guard !MountTable.isOurs(path) else {
      throw .cannotMount(
        "\(Quoted.text(path)) is mounted already: 'p2pfs unmount \(text)' ends that, or choose another directory"
      )
    }
    guard !Self.lies(state, below: path) else {
      throw .cannotMount(
        "\(Quoted.text(state)), where p2pfs keeps its own, would disappear below \(Quoted.text(path)): choose an "
          + "empty directory, or another --state DIR")
    }
    guard access("/dev/fuse", F_OK) == 0 else {
      throw .cannotMount("there is no /dev/fuse: load it with 'modprobe fuse', or share with 'p2pfs serve'")
    }
  }

  private static func lies(_ state: String, below path: String) -> Bool {
    guard let real = realpath(state, nil) else { return false }
    defer { free(real) }
    let above = path == "/" ? path : "\(path)/"
    return "\(String(cString: real))/".hasPrefix(above)
  }

  /// What fusermount3 would refuse in words that only the log has.
  func mustBeAllowed(_ options: [String]) throws(Failure) {
    guard geteuid() != 0 else { return }
    guard access(path, W_OK) == 0 else {
      throw .cannotMount(
        "\(Quoted.text(path)) is not yours to write, and only such a directory can be mounted on: choose another"
      )
    }
    let asked = options.first { $0 == "allow_other" || $0 == "allow_root" }
    guard let asked, !Self.othersMayBeAllowed else { return }
    throw .cannotMount(
      "\(asked) is root's, as long as /etc/fuse.conf lacks the line 'user_allow_other': add it, or leave \(asked) out"
    )
  }

  static var othersMayBeAllowed: Bool {
    let bytes = (try? SmallFile.bytes(at: "/etc/fuse.conf", max: 1 << 20)) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains {
      $0.split(separator: " ").first == "user_allow_other"
    }
  }

  /// A daemon that was killed leaves its mount behind, and whatever is asked of it fails.
  private static func heal(_ place: String) throws(Failure) {
    let path = resolved(place)
    guard isDead(path) else { return }
    guard MountTable.isOurs(path) else {
      throw .cannotMount("\(Quoted.text(place)) has lost the program behind it: 'fusermount3 -uz' frees it")
    }
    detach(path)
    guard !isDead(path) else {
      throw .cannotMount(
        "\(Quoted.text(place)) is left of a daemon that died: free it with 'fusermount3 -uz'")
    }
  }

  /// `stat` would be answered from the kernel's memory; for the space that is left it has to ask.
  static func isDead(_ path: String) -> Bool {
    guard MountTable.mounted(at: path) != nil else { return false }
    var space = statvfs()
    return statvfs(path, &space) != 0 && errno == ENOTCONN
  }

  /// Only for oneself: what somebody copies into it while it is not mounted is to fail rather than to lie there.
  private static func make(_ place: String) throws(Failure) {
    var status = stat()
    if stat(place, &status) != 0 {
      guard errno == ENOENT, mkdir(place, 0o700) == 0 else { throw unusable(place, errno) }
      return
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw unusable(place, ENOTDIR) }
  }

  private static func unusable(_ place: String, _ number: Int32) -> Failure {
    .disk(number, "the mount point \(Quoted.text(place))")
  }

  /// The path as the kernel lists it, without asking what may be mounted there: a daemon that hangs would hold us.
  static func resolved(_ place: String) -> String {
    let clean = WorkingDirectory.absolute(place)
    guard let cut = clean.lastIndex(of: "/"), clean != "/" else { return clean }
    let parent = clean[..<cut].isEmpty ? "/" : String(clean[..<cut])
    guard let real = realpath(parent, nil) else { return clean }
    defer { free(real) }
    let above = String(cString: real)
    let name = clean[clean.index(after: cut)...]
    let path = above == "/" ? "/\(name)" : "\(above)/\(name)"
    return isLink(path) ? target(path) : path
  }

  /// A mount point itself is no link, and lstat of what lies in its parent asks nobody behind it: unless it is mounted.
  private static func isLink(_ path: String) -> Bool {
    guard MountTable.mounted(at: path) == nil else { return false }
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private static func target(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }
}

// Ending it.
extension MountPlace {
  /// Not while programs use it.
  static func release(_ path: String) throws(Failure) {
    guard umount2(path, p2pfs_unmount_no_follow) != 0 else { return }
    let number = errno
    if number == EPERM, ChildProgram.run("fusermount3", ["-u", "--", path]) == 0 { return }
    guard MountTable.isOurs(path) else { return }
    throw inUse(path)
  }

  /// At once: who still uses it keeps what he has.
  static func detach(_ path: String) {
    guard umount2(path, p2pfs_unmount_no_follow | p2pfs_unmount_detach) != 0 else { return }
    _ = ChildProgram.run("fusermount3", ["-u", "-z", "--", path])
  }

  private static func inUse(_ path: String) -> Failure {
    let users = ProcessesUsing.path(path)
    guard !users.isEmpty else {
      return .inUse(
        "\(Quoted.text(path)) is in use: end what uses it, or free it with 'fusermount3 -uz \(Quoted.text(path))'"
      )
    }
    let named = users.prefix(5).map { "\($0.name) (\($0.process))" }.joined(separator: ", ")
    let more = users.count > 5 ? " and \(users.count - 5) more" : ""
    return .inUse(
      "\(Quoted.text(path)) is in use by \(named)\(more): end them, or leave the directory, first")
  }
}

/// Programs that have files of a directory open, or work in it. Those of others are seen by root alone.
enum ProcessesUsing {
  struct Found: Hashable, Sendable {
    let process: Int32
    let name: String
  }

  static func path(_ path: String) -> [Found] {
    FolderNames.of("/proc").compactMap { Int32($0) }.sorted().filter { uses(path, "/proc/\($0)") }.map {
      Found(process: $0, name: name(of: $0))
    }
  }

  private static func uses(_ path: String, _ process: String) -> Bool {
    for link in ["cwd", "root", "exe"] where lies(link: "\(process)/\(link)", below: path) { return true }
    for file in FolderNames.of("\(process)/fd") where lies(link: "\(process)/fd/\(file)", below: path) {
      return true
    }
    guard let maps = try? SmallFile.bytes(at: "\(process)/maps", max: 16 << 20) else { return false }
    return String(decoding: maps, as: UTF8.self).contains(" \(path)/")
  }

  private static func lies(link: String, below path: String) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes {
      readlink(link, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard count > 0 else { return false }
    let target = String(decoding: buffer[..<count], as: UTF8.self)
    return target == path || target.hasPrefix("\(path)/")
  }

  private static func name(of process: Int32) -> String {
    let bytes = (try? SmallFile.bytes(at: "/proc/\(process)/comm", max: 64)) ?? []
    return Printable.escaped(bytes.prefix { $0 != UInt8(ascii: "\n") })
  }
}
