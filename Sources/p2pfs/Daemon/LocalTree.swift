// The user's own directories, walked for sharing and made for downloads.

import Glibc
import Swarm

enum LocalTree {
  struct Found {
    enum Kind {
      case file, directory
      case symlink([UInt8])
      /// A device, a pipe or a socket.
      case other
    }

    let path: LocalPath
    /// Below where the walk began; empty for the beginning itself. As bytes: a name on a disk need not be UTF-8.
    let below: [UInt8]
    let kind: Kind
    let device: dev_t
  }

  /// Directories before what is in them, in the order of their names. The beginning may be a symbolic link, and then
  /// is what it points to. `visit` says whether what is in a directory is to be visited too.
  static func walk(_ path: LocalPath, _ visit: (Found) throws(Failure) -> Bool) throws(Failure) {
    try walk(path, below: [], followingLink: true, visit)
  }

  private static func walk(
    _ path: LocalPath, below: [UInt8], followingLink: Bool, _ visit: (Found) throws(Failure) -> Bool
  ) throws(Failure) {
    let status = try status(of: path, followingLink: followingLink)
    let kind: Found.Kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFLNK: .symlink(try target(of: path))
      case S_IFDIR: .directory
      default: .other
      }
    let goesOn = try visit(Found(path: path, below: below, kind: kind, device: status.st_dev))
    guard goesOn, case .directory = kind else { return }
    for name in try names(in: path) {
      guard let inside = path.appending(name) else { throw .disk(ENAMETOOLONG, "\(path)") }
      let slash = below.isEmpty ? [] : [UInt8(ascii: "/")]
      try walk(inside, below: below + slash + name, followingLink: false, visit)
    }
  }

  private static func status(of path: LocalPath, followingLink: Bool) throws(Failure) -> stat {
    var status = stat()
    let result = path.withCString { followingLink ? stat($0, &status) : lstat($0, &status) }
    guard result == 0 else { throw trouble(path) }
    return status
  }

  /// Where a symbolic link points.
  static func target(of path: LocalPath) throws(Failure) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { buffer in
      path.withCString { readlink($0, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count) }
    }
    guard count >= 0 else { throw trouble(path) }
    return Array(buffer[..<count])
  }

  private static func names(in path: LocalPath) throws(Failure) -> [[UInt8]] {
    guard let folder = path.withCString({ opendir($0) }) else { throw trouble(path) }
    defer { closedir(folder) }
    var names: [[UInt8]] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if !isDots(name) { names.append(name) }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  static func isDots(_ name: [UInt8]) -> Bool { name == Array(".".utf8) || name == Array("..".utf8) }

  static func isDirectory(_ path: LocalPath) -> Bool {
    (try? status(of: path, followingLink: true).st_mode & S_IFMT) == S_IFDIR
  }

  static func mustBeDirectory(_ path: LocalPath) throws(Failure) {
    guard try status(of: path, followingLink: true).st_mode & S_IFMT != S_IFDIR else { return }
    throw .disk(ENOTDIR, "\(path)")
  }

  /// Without `.`, `..` and links on the way.
  static func resolved(_ path: LocalPath) throws(Failure) -> LocalPath {
    guard let text = path.withCString({ realpath($0, nil) }) else { throw trouble(path) }
    defer { free(text) }
    let bytes = UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
    guard let resolved = LocalPath(bytes) else { throw .disk(ENAMETOOLONG, "\(path)") }
    return resolved
  }

  static func makeDirectory(_ path: LocalPath) throws(Failure) {
    guard path.withCString({ mkdir($0, 0o777) }) != 0 else { return }
    guard errno == EEXIST else { throw trouble(path) }
    guard isDirectory(path) else { throw .destinationExists("\(path)") }
  }

  /// As it was made before will do.
  static func makeLink(_ path: LocalPath, to target: [UInt8]) throws(Failure) {
    let text = String(decoding: target, as: UTF8.self)
    guard path.withCString({ symlink(text, $0) }) != 0 else { return }
    guard errno == EEXIST else { throw trouble(path) }
    guard (try? self.target(of: path)) == target else { throw .destinationExists("\(path)") }
  }

  private static func trouble(_ path: LocalPath) -> Failure { .disk(errno, "\(path)") }
}
