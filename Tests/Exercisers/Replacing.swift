// A file is replaced by rename, again and again, under readers: each sees one whole version, and never an older one than
// before.

import Glibc
import TestSupport

struct Replacing: Exercise {
  static let name = "replace"
  static let usage = "[--times 1000] DIR (leaves the last version there, as 'replaced')"

  static func run(_ words: inout Words, seed: UInt64) throws {
    let times = try words.number("--times", else: 1_000)
    let directory = try words.places(1)[0]
    let file = directory + "/replaced"
    var random = SeededRandom(seed: seed)
    try replace(0, in: directory, &random)
    let found = try withReaders(2, of: file, until: times) {
      for version in 1...times { try replace(version, in: directory, &random) }
    }
    say(
      "\(times) versions; \(found.map { "\($0.readings) readings saw \($0.versions)" }.joined(separator: ", "))"
    )
  }

  private static func withReaders(
    _ count: Int, of file: String, until last: Int, _ body: () throws -> Void
  ) throws -> [VersionReader.Found] {
    let readers = (0..<count).map { _ in
      Worker { try VersionReader(file: file).read(until: last) }
    }
    try body()
    return try readers.map { try $0.join() }
  }

  private static func replace(_ version: Int, in directory: String, _ random: inout SeededRandom) throws {
    let new = directory + "/new"
    let bytes = VersionReader.bytes(of: version, &random)
    try makeFile(Array(new.utf8CString), bytes)
    try must("rename", rename(new, directory + "/replaced"))
  }
}

/// Reads what somebody else replaces, perhaps on another machine.
struct Watching: Exercise {
  static let name = "watch"
  static let usage = "[--until 1000] FILE (that `replace` replaces)"

  static func run(_ words: inout Words, seed: UInt64) throws {
    let last = try words.number("--until", else: 1_000)
    let found = try VersionReader(file: try words.places(1)[0]).read(until: last)
    say("\(found.readings) readings saw \(found.versions) versions")
  }
}

struct VersionReader {
  struct Found {
    var readings = 0
    var versions = 0
  }

  let file: String

  /// Its number, its length and the checksum of the rest come first.
  static func bytes(of version: Int, _ random: inout SeededRandom) -> [UInt8] {
    let body = random.bytes(random.isTrue(oneIn: 10) ? random.upTo(700_000) : random.upTo(30_000))
    var head: [UInt8] = []
    for number in [UInt64(version), UInt64(body.count), checksum(body)] {
      withUnsafeBytes(of: number) { head.append(contentsOf: $0) }
    }
    return head + body
  }

  func read(until last: Int) throws -> Found {
    var found = Found()
    var version = -1
    while version < last {
      let new = try self.version()
      guard new >= version else { throw Difference("version \(new) was read after version \(version)") }
      if new > version { found.versions += 1 }
      version = new
      found.readings += 1
      // Whoever writes is to have a processor, too.
      usleep(100)
    }
    return found
  }

  private func version() throws -> Int {
    let descriptor = try must("open", open(file, O_RDONLY | O_CLOEXEC))
    defer { close(descriptor) }
    var status = stat()
    try must("fstat", fstat(descriptor, &status))
    let bytes = try readAll(descriptor)
    guard bytes.count == status.st_size, bytes.count >= 24 else {
      throw Difference("\(bytes.count) bytes were read of a file of \(status.st_size)")
    }
    let head = bytes.withUnsafeBytes { bytes in
      (0..<3).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
    }
    guard head[1] == bytes.count - 24, head[2] == checksum(bytes[24...]) else {
      throw Difference("a reading is no whole version: it begins as version \(head[0])")
    }
    return Int(head[0])
  }
}
