// What lies beside a draft, so that after a crash somebody can tell what it was.

internal import GroupModel

/// A draft's two files, and a third beside one that nobody wants any more.
struct DraftName: Hashable, Sendable {
  private static let recordSuffix = ".draft"
  private static let dataSuffix = ".data"
  private static let markSuffix = ".unwanted"

  let stem: String

  static var fresh: DraftName { DraftName(stem: randomName()) }

  private init(stem: String) { self.stem = stem }

  /// nil for what is not a draft's bytes.
  init?(data: String) {
    guard data.hasSuffix(Self.dataSuffix) else { return nil }
    stem = String(data.dropLast(Self.dataSuffix.count))
  }

  init?(mark: String) {
    guard mark.hasSuffix(Self.markSuffix) else { return nil }
    stem = String(mark.dropLast(Self.markSuffix.count))
  }

  var data: String { stem + Self.dataSuffix }
  var record: String { stem + Self.recordSuffix }
  var mark: String { stem + Self.markSuffix }
}

struct DraftRecord: Hashable {
  private static let mark: UInt32 = 0x7032_6472
  private static let checkBytes = 8
  private static let labelBytesMax = 8192

  let label: [UInt8]
  let base: ContentName?
  let baseBytes: Int

  init(label: [UInt8], base: ContentName?, baseBytes: Int) {
    self.label = Array(label.prefix(Self.labelBytesMax))
    self.base = base
    self.baseBytes = baseBytes
  }

  func write(as name: DraftName, in folder: Folder) throws(DiskTrouble) {
    var writer = WireWriter()
    writer.u32(Self.mark)
    writer.blob(label)
    writer.optional(base) { $0.content($1) }
    writer.u64(UInt64(baseBytes))
    Digest(hashing: writer.bytes.span.bytes).withBytes { writer.raw($0.prefix(Self.checkBytes)) }
    try folder.replace(name.record, with: writer.bytes, .processCrash)
  }

  /// nil when there is none, or it is not what was written.
  init?(of name: DraftName, in folder: Folder) throws(DiskTrouble) {
    guard let bytes = try folder.contents(of: name.record, bytesMax: 64 << 10), bytes.count > Self.checkBytes
    else { return nil }
    let body = bytes.span.bytes.extracting(droppingLast: Self.checkBytes)
    let check = Digest(hashing: body).withBytes { Array($0.prefix(Self.checkBytes)) }
    guard bytes.suffix(Self.checkBytes).elementsEqual(check) else { return nil }
    do throws(Malformed) {
      var reader = WireReader(body)
      guard try reader.u32() == Self.mark else { return nil }
      label = try reader.blob(max: Self.labelBytesMax)
      base = try reader.optional { reader throws(Malformed) in try reader.content() }
      guard let baseBytes = Int(exactly: try reader.u64()), baseBytes <= base?.fileBytes ?? 0 else {
        return nil
      }
      self.baseBytes = baseBytes
      try reader.end()
    } catch {
      return nil
    }
  }
}
