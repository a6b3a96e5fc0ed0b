// A file of records that only grows: each with a mark, its length and a check of its bytes, so that one that was
// torn by a crash or changed by somebody is left out, and is never taken for true.

internal import Glibc
internal import GroupModel
internal import Synchronization

/// ## Concurrency model
/// Any thread may append. That is one write under the log's own lock, because a record that did not fit must be
/// cut off again before the next one follows it.
final class RecordLog: Sendable {
  private let file: Descriptor
  private let recordBytesMax: Int
  private let fileBytes: Mutex<Int>

  /// What was left out when the log was read.
  struct Damage {
    /// After the last good record: what a crash cut short, of which nobody was told that it was there.
    var tornBytes = 0
    /// Between good records.
    var lostBytes = 0
  }

  /// Hands each good record to `each`, in the order they were appended.
  init(
    in folder: Folder, name: String, recordBytesMax: Int, damage: inout Damage, each: (RawSpan) -> Void
  ) throws(DiskTrouble) {
    self.recordBytesMax = recordBytesMax
    file = try folder.file(name, O_RDWR | O_CREAT)
    let size = Int(try file.status().st_size)
    var replay = Replay(of: file, fileBytes: size, recordBytesMax: recordBytesMax)
    let end = try replay.run(&damage, each)
    fileBytes = Mutex(end)
    if size > end { try file.resize(to: end) }
  }

  /// Hands over each good record, and changes nothing; none where there is no such file.
  static func look(
    in folder: Folder, name: String, recordBytesMax: Int, each: (RawSpan) -> Void
  ) throws(DiskTrouble) {
    let file: Descriptor
    do throws(DiskTrouble) { file = try folder.file(name, O_RDONLY) } catch .missing { return }
    var damage = Damage()
    var replay = Replay(
      of: file, fileBytes: Int(try file.status().st_size), recordBytesMax: recordBytesMax)
    _ = try replay.run(&damage, each)
  }

  var byteCount: Int { fileBytes.withLock { $0 } }

  /// A record is there whole or not at all; with `powerCut` it is on the disk when this returns.
  func append(_ body: [UInt8], _ durability: Folder.Durability) throws(DiskTrouble) {
    precondition(!body.isEmpty && body.count <= recordBytesMax, "a record that could not be read again")
    let record = Self.record(body)
    let result = fileBytes.withLock { end in
      Result { () throws(DiskTrouble) in try write(record, at: &end) }
    }
    try result.get()
    if durability == .powerCut { try file.syncData() }
  }

  /// As it stands in the file.
  static func record(_ body: [UInt8]) -> [UInt8] { RecordHead(of: body.span.bytes).bytes + body }

  private func write(_ record: [UInt8], at end: inout Int) throws(DiskTrouble) {
    do throws(DiskTrouble) {
      try file.write(record.span.bytes, at: end)
      end += record.count
    } catch {
      try? file.resize(to: end)
      throw error
    }
  }

  func syncData() throws(DiskTrouble) { try file.syncData() }
}

/// What stands before each record.
private struct RecordHead {
  static let byteCount = 16
  /// By it the next record is found again after one whose length is damaged.
  static let mark: [UInt8] = [0xD9, 0x70, 0x32, 0x70]

  let length: Int
  /// The first bytes of a SHA-256, which is faster here than any CRC of our own would be.
  let check: UInt64

  init(of body: RawSpan) {
    length = body.byteCount
    check = Digest(hashing: body).withBytes { $0.loadUnaligned(as: UInt64.self) }
  }

  /// nil where there is no mark.
  init?(reading bytes: RawSpan) {
    guard bytes.byteCount >= Self.byteCount,
      Self.mark.indices.allSatisfy({ bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == Self.mark[$0] })
    else { return nil }
    length = Int(UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    check = bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self)
  }

  var bytes: [UInt8] {
    var writer = WireWriter(reserving: Self.byteCount)
    writer.raw(Self.mark)
    writer.u32(UInt32(length))
    withUnsafeBytes(of: check) { writer.raw($0) }
    return writer.bytes
  }
}

/// One reading of a log, from its start to its end, through a window that slides over the file.
private struct Replay {
  private let file: Descriptor
  private let fileBytes: Int
  private let recordBytesMax: Int
  private var window: [UInt8] = []
  private var windowStart = 0

  init(of file: Descriptor, fileBytes: Int, recordBytesMax: Int) {
    self.file = file
    self.fileBytes = fileBytes
    self.recordBytesMax = recordBytesMax
  }

  /// Where the last good record ends.
  mutating func run(_ damage: inout RecordLog.Damage, _ each: (RawSpan) -> Void) throws(DiskTrouble) -> Int {
    var offset = 0
    var goodEnd = 0
    while offset + RecordHead.byteCount < fileBytes {
      guard let end = try readRecord(at: offset, each) else {
        offset += 1
        continue
      }
      damage.lostBytes += offset - goodEnd
      goodEnd = end
      offset = end
    }
    damage.tornBytes = fileBytes - goodEnd
    return goodEnd
  }

  /// Where the record that begins there ends; nil when none begins there, or not as it was written.
  private mutating func readRecord(at offset: Int, _ each: (RawSpan) -> Void) throws(DiskTrouble) -> Int? {
    try slide(to: offset, count: RecordHead.byteCount)
    guard let head = RecordHead(reading: bytes(from: offset)), head.length > 0,
      head.length <= recordBytesMax, offset + RecordHead.byteCount + head.length <= fileBytes
    else { return nil }
    let count = RecordHead.byteCount + head.length
    try slide(to: offset, count: count)
    let record = bytes(from: offset)
    guard record.byteCount >= count else { return nil }
    let body = record.extracting(RecordHead.byteCount..<count)
    guard RecordHead(of: body).check == head.check else { return nil }
    each(body)
    return offset + count
  }

  @_lifetime(borrow self)
  private func bytes(from offset: Int) -> RawSpan {
    window.span.bytes.extracting(droppingFirst: offset - windowStart)
  }

  private mutating func slide(to offset: Int, count: Int) throws(DiskTrouble) {
    guard offset < windowStart || offset + count > windowStart + window.count else { return }
    let size = min(max(count, 256 << 10), fileBytes - offset)
    var fresh = [UInt8](repeating: 0, count: size)
    let filled = fresh.withUnsafeMutableBytes { buffer in
      Result { () throws(DiskTrouble) in try file.read(into: buffer, at: offset) }
    }
    window = Array(fresh.prefix(try filled.get()))
    windowStart = offset
  }
}
