// Who asks: the kernel names the thread of a request, but a file is opened and closed by a process.

import Glibc

enum CallingProcess {
  /// nil where it has ended, or lives where we cannot see it.
  static func id(ofThread thread: pid_t) -> pid_t? {
    guard thread > 0 else { return nil }
    return value(of: "Tgid", inFile: "/proc/\(thread)/status").flatMap { pid_t($0) }
  }

  /// Whether it has that file open still, where shells have it: for `>` they open it, make it their output by
  /// another number, and close the first; and that is no end of what they write.
  static func holds(inode: UInt64, process: pid_t) -> Bool {
    let number = "\(inode)"
    return (0...9).contains { value(of: "ino", inFile: "/proc/\(process)/fdinfo/\($0)") == number }
  }

  private static func value(of label: String, inFile path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    // Both are in the first lines, behind a name of 64 bytes at most, four each where it is escaped.
    return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let count = read(file, buffer.baseAddress!, buffer.count)
      return count > 0 ? value(of: label, in: UnsafeRawBufferPointer(rebasing: buffer[..<count])) : nil
    }
  }

  /// A name cannot forge a line: its newlines are escaped.
  static func value(of label: String, in text: UnsafeRawBufferPointer) -> String? {
    let label = Array("\(label):\t".utf8)
    for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: label) {
      return String(decoding: line.dropFirst(label.count), as: UTF8.self)
    }
    return nil
  }
}
