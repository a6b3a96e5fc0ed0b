// One file on this machine that holds blocks of a content, each at its own offset, and the record beside it that
// says which. A content may lie in several: in the cache, at a person's own place, in a download on its way there.

internal import GroupModel

final class PieceFile: Sendable {
  enum Place: Hashable, Sendable {
    case cache
    /// A whole file of the user's, which is only ever read.
    case inPlace(LocalPath)
    case destination(Destination)
  }

  let place: Place
  let descriptor: Descriptor
  /// In the content's folder.
  let recordName: String

  init(_ place: Place, _ descriptor: Descriptor, recordName: String) {
    self.place = place
    self.descriptor = descriptor
    self.recordName = recordName
  }

  /// Whether it is ours to write to.
  var isOwn: Bool { if case .inPlace = place { false } else { true } }

  var isCache: Bool { place == .cache }

  static let cacheName = "data"
  static let cacheRecordName = "have"
  static let inPlacePrefix = "at-"
  static let destinationPrefix = "to-"
}

/// Where a download goes, and under which name it waits there until it is whole.
struct Destination: Hashable, Sendable {
  let path: LocalPath
  let temporaryName: [UInt8]
  let replaces: Bool

  /// Beside the destination, so that the renaming stays within one file system.
  init(_ path: LocalPath, replaces: Bool) {
    self.path = path
    self.replaces = replaces
    let mark = Array(".p2pfs-\(randomName())".utf8)
    temporaryName = [UInt8(ascii: ".")] + path.name.prefix(254 - mark.count) + mark
  }

  init?(path: LocalPath, temporaryName: [UInt8], replaces: Bool) {
    guard (1...255).contains(temporaryName.count), !temporaryName.contains(UInt8(ascii: "/")),
      !temporaryName.contains(0), temporaryName.first == UInt8(ascii: ".")
    else { return nil }
    self.path = path
    self.temporaryName = temporaryName
    self.replaces = replaces
  }
}

/// Sixteen hex digits that nobody else has.
func randomName() -> String {
  let number = String(UInt64.random(in: 0...UInt64.max), radix: 16)
  return String(repeating: "0", count: 16 - number.count) + number
}

/// What the record says. It may lag behind the file, and never says more than the file has.
struct PieceFileRecord {
  let name: ContentName
  let place: PieceFile.Place
  /// Of the file in place, as it was when it was hashed.
  let stamp: FileStamp?
  let held: BlockSet

  private static let mark: UInt32 = 0x7032_7031
  private static let checkBytes = 8

  static func bytesMax(for layout: ContentLayout) -> Int {
    (16 << 10) + (layout.blockCount / BlockSet.chunkBlocks + 1) * 520
  }

  var bytes: [UInt8] {
    var writer = WireWriter(reserving: 1024)
    writer.u32(Self.mark)
    writer.content(name)
    writer.place(place)
    writer.optional(stamp) { $0.stamp($1) }
    held.write(to: &writer)
    Digest(hashing: writer.bytes.span.bytes).withBytes { writer.raw($0.prefix(Self.checkBytes)) }
    return writer.bytes
  }

  init(name: ContentName, place: PieceFile.Place, stamp: FileStamp?, held: BlockSet) {
    self.name = name
    self.place = place
    self.stamp = stamp
    self.held = held
  }

  /// nil for what is not, to the last bit, a record that was written for this content.
  init?(_ bytes: [UInt8], of name: ContentName) {
    guard bytes.count > Self.checkBytes else { return nil }
    let body = bytes.span.bytes.extracting(droppingLast: Self.checkBytes)
    let check = Digest(hashing: body).withBytes { Array($0.prefix(Self.checkBytes)) }
    guard bytes.suffix(Self.checkBytes).elementsEqual(check) else { return nil }
    do {
      var reader = WireReader(body)
      guard try reader.u32() == Self.mark, try reader.content() == name else { return nil }
      self.name = name
      place = try reader.place()
      stamp = try reader.optional { reader throws(Malformed) in try reader.stamp() }
      held = try BlockSet(reading: &reader, layout: name.layout)
      try reader.end()
    } catch {
      return nil
    }
  }
}

extension WireWriter {
  fileprivate mutating func place(_ place: PieceFile.Place) {
    switch place {
    case .cache:
      u8(0)
    case .inPlace(let path):
      u8(1)
      localPath(path)
    case .destination(let destination):
      u8(2)
      localPath(destination.path)
      short(destination.temporaryName)
      flag(destination.replaces)
    }
  }

  mutating func stamp(_ stamp: FileStamp) {
    u64(stamp.device)
    u64(stamp.inode)
    u64(UInt64(stamp.fileBytes))
    i64(stamp.modified)
    i64(stamp.changed)
  }
}

extension WireReader {
  fileprivate mutating func place() throws(Malformed) -> PieceFile.Place {
    switch try u8() {
    case 0: return .cache
    case 1: return .inPlace(try localPath())
    case 2:
      let path = try localPath()
      let name = try short()
      guard let destination = Destination(path: path, temporaryName: name, replaces: try flag()) else {
        throw Malformed("a destination that is none")
      }
      return .destination(destination)
    default: throw Malformed("a place that is none")
    }
  }

  mutating func stamp() throws(Malformed) -> FileStamp {
    let device = try u64()
    let inode = try u64()
    guard let fileBytes = Int(exactly: try u64()) else { throw Malformed("a size that no file has") }
    return FileStamp(
      device: device, inode: inode, fileBytes: fileBytes, modified: try i64(), changed: try i64())
  }
}
