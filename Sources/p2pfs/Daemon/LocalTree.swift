// The user's own directories, walked for sharing and made for downloads.

import Glibc
import Swarm

enum LocalTree {
  struct Found {
    enum Kind {
      case file, directory
      case symlink([UInt8])
    }

    let path: LocalPath
    /// Below where the walk began; empty for the beginning itself.
    let below: String
    let kind: Kind
  }

  /// Directories before what is in them, in the order of their names. Devices, pipes and sockets are left out. The
  /// beginning may be a symbolic link, and then is what it points to.
  static func walk(_ path: LocalPath, _ visit: (Found) throws(Failure) -> Void) throws(Failure) {
    try walk(path, below: "", followingLink: true, visit)
  }

  private static func walk(
    _ path: LocalPath, below: String, followingLink: Bool, _ visit: (Found) throws(Failure) -> Void
  ) throws(Failure) {
    let text = String(decoding: path.bytes, as: UTF8.self)
    var status = stat()
    guard (followingLink ? stat(text, &status) : lstat(text, &status)) == 0 else { throw trouble(path) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: try visit(Found(path: path, below: below, kind: .file))
    case S_IFLNK: try visit(Found(path: path, below: below, kind: .symlink(try target(text, path))))
    case S_IFDIR:
      try visit(Found(path: path, below: below, kind: .directory))
      for name in try names(in: text, path) {
        guard let inside = path.appending(name.utf8) else { throw .disk(ENAMETOOLONG, "\(path)") }
        try walk(inside, below: below.isEmpty ? name : "\(below)/\(name)", followingLink: false, visit)
      }
    default:
      guard !below.isEmpty else { throw .disk(EINVAL, "\(path) is no file and no directory") }
    }
  }

  private static func target(_ text: String, _ path: LocalPath) throws(Failure) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes {
      readlink(text, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard count >= 0 else { throw trouble(path) }
    return Array(buffer[..<count])
  }

  private static func names(in text: String, _ path: LocalPath) throws(Failure) -> [String] {
    guard let folder = opendir(text) else { throw trouble(path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  static func isDirectory(_ path: LocalPath) -> Bool {
    var status = stat()
    return stat(String(decoding: path.bytes, as: UTF8.self), &status) == 0
      && status.st_mode & S_IFMT == S_IFDIR
  }

  static func makeDirectory(_ path: LocalPath) throws(Failure) {
    guard mkdir(String(decoding: path.bytes, as: UTF8.self), 0o777) != 0 else { return }
    guard errno == EEXIST, isDirectory(path) else { throw trouble(path) }
  }

  static func makeLink(_ path: LocalPath, to target: [UInt8]) throws(Failure) {
    let text = String(decoding: target, as: UTF8.self)
    guard symlink(text, String(decoding: path.bytes, as: UTF8.self)) == 0 else { throw trouble(path) }
  }

  private static func trouble(_ path: LocalPath) -> Failure { .disk(errno, "\(path)") }
}
