// Who asks: the kernel names the thread of a request, but a file is opened and closed by a process. And what that
// thread was told by signals.

import CLinux
import Glibc

enum CallingProcess {
  /// nil where it has ended, or lives where we cannot see it.
  static func id(ofThread thread: pid_t) -> pid_t? {
    guard thread > 0, let status = ProcessText("/proc/\(thread)/status") else { return nil }
    return status["Tgid"].flatMap { pid_t($0) }
  }

  /// How many times it has that file open in that mode: what it has under several numbers is one opening.
  static func openings(ofInode inode: UInt64, mode: Int32, process: pid_t) -> Int {
    let inode = "\(inode)"
    var first: [Int32] = []
    for number in numbers(of: process) {
      guard let text = ProcessText("/proc/\(process)/fdinfo/\(number)"), text["ino"] == inode,
        let flags = text["flags"].flatMap({ Int32($0, radix: 8) }), flags & O_ACCMODE == mode,
        !first.contains(where: { p2pfs_is_one_opening(process, $0, number) != 0 })
      else { continue }
      first.append(number)
    }
    return first.count
  }

  private static func numbers(of process: pid_t) -> [Int32] {
    guard let folder = opendir("/proc/\(process)/fdinfo") else { return [] }
    defer { closedir(folder) }
    var numbers: [Int32] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let number = Int32(name) { numbers.append(number) }
    }
    return numbers
  }

  /// Whether whoever waits for us is to end, or wants to stop. A signal that is caught, and is none of those by which
  /// people stop programs, is for later: git has one each second for its progress, shells have one for each child,
  /// and few programs expect that closing a file is interrupted by it.
  static func isToStop(thread: pid_t) -> Bool {
    guard let status = ProcessText("/proc/\(thread)/status") else { return true }
    return isToStop(status)
  }

  static func isToStop(_ status: ProcessText) -> Bool {
    let pending = (status.signals("SigPnd") | status.signals("ShdPnd")) & ~status.signals("SigBlk")
    let stopping = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU].reduce(0) { $0 | UInt64(1) << UInt64($1 - 1) }
    return pending & (~status.signals("SigCgt") | stopping) != 0
  }
}

/// One of the texts that the kernel keeps of a process: a label, a colon and a value in each line.
struct ProcessText {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  init?(_ path: String) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(0, read(file, buffer.baseAddress!, buffer.count))
    }
    if bytes.isEmpty { return nil }
  }

  /// A name cannot forge a line: its newlines are escaped.
  subscript(label: String) -> String? {
    let start = Array("\(label):\t".utf8)
    for line in bytes.split(separator: UInt8(ascii: "\n")) where line.starts(with: start) {
      return String(decoding: line.dropFirst(start.count), as: UTF8.self)
    }
    return nil
  }

  /// Signal 1 is the lowest bit.
  func signals(_ label: String) -> UInt64 { self[label].flatMap { UInt64($0, radix: 16) } ?? 0 }
}
