// Many names are looked up, and forgotten by the kernel, and again: whoever serves them must not grow by it.

import Glibc

struct Lookups: Exercise {
  static let name = "lookups"
  static let usage = "[--files 5000] [--count 100000] --pid PID DIR (as root: drops the kernel's caches)"

  static func run(_ words: inout Words, seed: UInt64) throws {
    let files = try words.number("--files", else: 5_000)
    let count = try words.number("--count", else: 100_000)
    let pid = try words.number("--pid", else: 0)
    guard pid > 0 else { throw UsageError(text: "whose memory is to be looked at, --pid says") }
    let directory = try words.places(1)[0]
    try makeFiles(files, in: directory)
    try lookUpAll(files, in: directory)
    try dropCaches()
    let before = try residentKiB(of: pid)
    var most = before
    for _ in 0..<(count + files - 1) / files {
      try lookUpAll(files, in: directory)
      most = max(most, try residentKiB(of: pid))
      try dropCaches()
    }
    let after = try residentKiB(of: pid)
    say("\(before) KiB before, \(most) KiB at most, \(after) KiB after")
    guard after * 10 <= before * 12 else { throw Difference("it has grown by more than a fifth") }
  }

  private static func place(_ number: Int, in directory: String) -> String {
    "\(directory)/looked up \(number)"
  }

  private static func makeFiles(_ count: Int, in directory: String) throws {
    for number in 0..<count {
      let path = place(number, in: directory)
      if access(path, F_OK) != 0 { try makeFile(Array(path.utf8CString), []) }
    }
  }

  private static func lookUpAll(_ count: Int, in directory: String) throws {
    for number in 0..<count {
      var status = stat()
      try must("stat", stat(place(number, in: directory), &status))
    }
  }

  /// Names and nodes; the pages of files stay.
  private static func dropCaches() throws {
    let descriptor = try must("open /proc/sys/vm/drop_caches", open("/proc/sys/vm/drop_caches", O_WRONLY))
    defer { close(descriptor) }
    try must("write to drop_caches", write(descriptor, "2", 1))
    // What the kernel has to say about it goes out by itself.
    usleep(300_000)
  }

  private static func residentKiB(of pid: Int) throws -> Int {
    let status = String(decoding: try contents(of: Array("/proc/\(pid)/status".utf8CString)), as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    guard let line, let kibibytes = Int(line.split(separator: " ").dropFirst().first ?? "") else {
      throw Difference("process \(pid) has no memory")
    }
    return kibibytes
  }
}
