// One file, changed at random in every way that there is, held against a copy in memory: after each reading the bytes,
// after each operation the size, at the end everything.

import CLinux
import Glibc
import TestSupport

struct RandomAccess: Exercise {
  static let name = "fsx"
  static let usage = "[--ops 20000] [--bytes 262144] [--mmap] [--fallocate] [--reopen EVERY] FILE"

  private enum Kind: CaseIterable {
    case read, write, truncate, readMapped, writeMapped, allocate, punch, zero, sync, reopen

    var isMapped: Bool { self == .readMapped || self == .writeMapped }
    var allocates: Bool { self == .allocate || self == .punch || self == .zero }
  }

  private let path: String
  private let bytesMax: Int
  private let kinds: [Kind]
  private let reopensEvery: Int
  private var random: SeededRandom
  private var descriptor: Int32
  private var model: [UInt8] = []
  private var last: [String] = []

  static func run(_ words: inout Words, seed: UInt64) throws {
    let count = try words.number("--ops", else: 20_000)
    let bytesMax = try words.number("--bytes", else: 256 << 10)
    let every = try words.number("--reopen", else: 0)
    let (maps, allocates) = (words.has("--mmap"), words.has("--fallocate"))
    let kinds = Kind.allCases.filter {
      (maps || !$0.isMapped) && (allocates || !$0.allocates) && $0 != .reopen
    }
    var exercise = try RandomAccess(try words.places(1)[0], bytesMax, kinds, every, SeededRandom(seed: seed))
    for number in 1...count { try exercise.step(number) }
    try exercise.finish()
  }

  private init(
    _ path: String, _ bytesMax: Int, _ kinds: [Kind], _ reopensEvery: Int, _ random: SeededRandom
  ) throws {
    self.path = path
    self.bytesMax = bytesMax
    self.kinds = kinds
    self.reopensEvery = reopensEvery
    self.random = random
    descriptor = try must("open", open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644))
  }

  private mutating func step(_ number: Int) throws {
    let isDue = reopensEvery > 0 && number % reopensEvery == 0
    let kind = isDue ? .reopen : drawKind()
    let offset = random.upTo(bytesMax)
    let count = 1 + random.upTo(min(random.isTrue(oneIn: 10) ? bytesMax : 65_536, bytesMax - offset))
    last.append("  \(number): \(kind) \(offset)+\(count)")
    if last.count > 20 { last.removeFirst() }
    do { try perform(kind, offset, count) } catch let error as CallError {
      throw Difference("\(error)\n\(history)")
    }
    try compareSize()
  }

  /// Mostly reading and writing; not so often that nothing is left.
  private mutating func drawKind() -> Kind {
    if random.isTrue(oneIn: 2) { return random.isTrue(oneIn: 2) ? .read : .write }
    let kind = random.oneOf(kinds)
    return kind == .sync && !random.isTrue(oneIn: 8) ? .read : kind
  }

  private mutating func perform(_ kind: Kind, _ offset: Int, _ count: Int) throws {
    switch kind {
    case .read: try read(offset, count)
    case .write: try write(offset, count)
    case .truncate: try truncate(to: random.isTrue(oneIn: 8) ? 0 : offset)
    case .readMapped: try readMapped(offset, count)
    case .writeMapped: try writeMapped(offset, count)
    case .allocate: try allocate(offset, count, keepingSize: random.isTrue(oneIn: 2))
    case .punch: try punch(offset, count)
    case .zero: try zero(offset, count, keepingSize: random.isTrue(oneIn: 2))
    case .sync: try must("fsync", fsync(descriptor))
    case .reopen: try reopen()
    }
  }

  private mutating func grow(to size: Int) {
    if model.count < size { model.append(contentsOf: repeatElement(0, count: size - model.count)) }
  }

  private mutating func finish() throws {
    try reopen()
    try compare(try readAll(descriptor), with: model[...], at: 0)
    close(descriptor)
    say("\(model.count) bytes at the end")
  }
}

// Operations.
extension RandomAccess {
  private func read(_ offset: Int, _ count: Int) throws {
    var bytes = [UInt8](repeating: 0xEE, count: count)
    var done = 0
    while done < count {
      let more = try must(
        "pread",
        bytes.withUnsafeMutableBytes {
          pread(descriptor, $0.baseAddress! + done, count - done, offset + done)
        })
      if more == 0 { break }
      done += more
    }
    try compare(
      Array(bytes[..<done]), with: model[min(offset, model.count)..<min(offset + count, model.count)],
      at: offset)
  }

  private mutating func write(_ offset: Int, _ count: Int) throws {
    let bytes = random.bytes(count)
    var done = 0
    while done < count {
      done += try must(
        "pwrite",
        bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress! + done, count - done, offset + done) })
    }
    grow(to: offset + count)
    model.replaceSubrange(offset..<offset + count, with: bytes)
  }

  private mutating func truncate(to size: Int) throws {
    let isByPath = random.isTrue(oneIn: 2)
    try must("truncate", isByPath ? Glibc.truncate(path, size) : ftruncate(descriptor, size))
    if size < model.count { model.removeLast(model.count - size) } else { grow(to: size) }
  }

  private func readMapped(_ offset: Int, _ count: Int) throws {
    let end = min(offset + count, model.count)
    guard offset < end else { return }
    let bytes = try mapped(offset, end, PROT_READ) { Array($0) }
    try compare(bytes, with: model[offset..<end], at: offset)
  }

  /// A map does not lengthen a file.
  private mutating func writeMapped(_ offset: Int, _ count: Int) throws {
    let end = offset + count
    if model.count < end {
      try must("ftruncate", ftruncate(descriptor, end))
      grow(to: end)
    }
    let bytes = random.bytes(count)
    let syncs = random.isTrue(oneIn: 2)
    try mapped(offset, end, PROT_READ | PROT_WRITE) { memory in
      memory.copyBytes(from: bytes)
      guard syncs else { return }
      let page = UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: memory.baseAddress!) & ~4095)!
      try must("msync", msync(page, memory.count + (memory.baseAddress! - page), MS_SYNC))
    }
    model.replaceSubrange(offset..<end, with: bytes)
  }

  private func mapped<Result>(
    _ start: Int, _ end: Int, _ protection: Int32, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) throws -> Result {
    let first = start & ~4095
    guard let memory = mmap(nil, end - first, protection, MAP_SHARED, descriptor, first), memory != MAP_FAILED
    else {
      throw CallError(call: "mmap", errno: errno)
    }
    defer { munmap(memory, end - first) }
    return try body(UnsafeMutableRawBufferPointer(start: memory + (start - first), count: end - start))
  }

  private mutating func allocate(_ offset: Int, _ count: Int, keepingSize: Bool) throws {
    try must("fallocate", fallocate(descriptor, keepingSize ? 1 : 0, offset, count))
    if !keepingSize { grow(to: offset + count) }
  }

  private mutating func punch(_ offset: Int, _ count: Int) throws {
    try must("fallocate of a hole", fallocate(descriptor, 3, offset, count))
    clear(offset, count)
  }

  private mutating func zero(_ offset: Int, _ count: Int, keepingSize: Bool) throws {
    try must("fallocate of zeros", fallocate(descriptor, keepingSize ? 0x11 : 0x10, offset, count))
    clear(offset, count)
    if !keepingSize { grow(to: offset + count) }
  }

  private mutating func clear(_ offset: Int, _ count: Int) {
    let end = min(offset + count, model.count)
    guard offset < end else { return }
    model.replaceSubrange(offset..<end, with: repeatElement(0, count: end - offset))
  }

  private mutating func reopen() throws {
    try must("close", close(descriptor))
    descriptor = try must("open", open(path, O_RDWR | O_CLOEXEC))
  }
}

// Comparing.
extension RandomAccess {
  private var history: String { "the last operations were\n" + last.joined(separator: "\n") }

  private func compareSize() throws {
    var status = stat()
    try must("fstat", fstat(descriptor, &status))
    guard status.st_size != model.count else { return }
    throw Difference("it has \(status.st_size) bytes, and should have \(model.count)\n\(history)")
  }

  private func compare(_ bytes: [UInt8], with right: ArraySlice<UInt8>, at offset: Int) throws {
    guard bytes.count == right.count else {
      throw Difference(
        "\(bytes.count) bytes were read at \(offset), and should be \(right.count)\n\(history)")
    }
    let isSame = bytes.withUnsafeBytes { one in
      right.withUnsafeBytes { one.count == 0 || memcmp(one.baseAddress!, $0.baseAddress!, one.count) == 0 }
    }
    guard !isSame else { return }
    let pairs = zip(bytes, right).enumerated().filter { $0.element.0 != $0.element.1 }
    throw Difference(
      "\(pairs.count) bytes of \(bytes.count) differ between \(offset + pairs[0].offset) and "
        + "\(offset + pairs[pairs.count - 1].offset): the first is \(pairs[0].element.0), "
        + "and should be \(pairs[0].element.1)\n\(history)")
  }
}
