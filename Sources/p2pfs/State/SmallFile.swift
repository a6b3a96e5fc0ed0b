// Small files in one piece: read with a bound, written to the end.

import Glibc

enum SmallFile {
  /// A file that the user names; symbolic links, pipes and `/dev/fd/3` are his to use.
  static func bytes(at path: String, max: Int) throws(Failure) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .disk(errno, "opening \(Quoted.text(path))") }
    defer { close(file) }
    return try bytes(of: file, max: max, named: path)
  }

  static func bytes(of file: Int32, max: Int, named name: String) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: Swift.min(max + 1, 16 << 10))
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .disk(errno, "reading \(Quoted.text(name))") }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= max else { throw .disk(EFBIG, "reading \(Quoted.text(name))") }
    }
  }

  /// false, and errno, where the system refused.
  static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + written, $0.count - written) }
      if count < 0, errno != EINTR { return false }
      written += Swift.max(0, count)
    }
    return true
  }
}
