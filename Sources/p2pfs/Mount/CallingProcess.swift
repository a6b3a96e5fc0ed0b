// Who asks: the kernel names the thread of a request, and a file belongs to a process.

import Glibc

enum CallingProcess {
  /// nil where it has ended, or lives where we cannot see it.
  static func id(ofThread thread: pid_t) -> pid_t? {
    guard thread > 0 else { return nil }
    let file = open("/proc/\(thread)/status", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    // Tgid is in the fourth line, behind a name of 64 bytes at most, four each where it is escaped.
    return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let count = read(file, buffer.baseAddress!, buffer.count)
      return count > 0 ? id(inStatus: UnsafeRawBufferPointer(rebasing: buffer[..<count])) : nil
    }
  }

  /// A name cannot forge the line: its newlines are escaped.
  static func id(inStatus text: UnsafeRawBufferPointer) -> pid_t? {
    let label = Array("Tgid:\t".utf8)
    for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: label) {
      return pid_t(String(decoding: line.dropFirst(label.count), as: UTF8.self))
    }
    return nil
  }
}
