// The bytes of each message between two members. What reads checks everything; what writes was checked when it
// was made.

/// The kinds on the wire; a number once given is never given another meaning.
package enum PeerKind {
  package static let refusal: UInt8 = 0
  package static let join: UInt8 = 1
  package static let blocks: UInt8 = 2
  package static let hashes: UInt8 = 3
  package static let gained: UInt8 = 64
  package static let lost: UInt8 = 65
  package static let cancel: UInt8 = 66
  package static let part: UInt8 = 67
}

extension PeerRequest {
  /// On the wire, in place of a number of uncles.
  private static let noHashes: UInt8 = 255

  package var kind: UInt8 {
    switch self {
    case .join: PeerKind.join
    case .blocks: PeerKind.blocks
    case .hashes: PeerKind.hashes
    }
  }

  package func write(to writer: inout WireWriter) {
    switch self {
    case .join(let key, let size):
      writer.key(key)
      writer.u64(size)
    case .blocks(let blocks):
      writer.key(blocks.key)
      writer.u64(blocks.first)
      writer.u8(UInt8(blocks.count))
      writer.u8(blocks.uncles.map { UInt8($0) } ?? Self.noHashes)
      writer.u8(blocks.urgency.rawValue)
    case .hashes(let hashes):
      writer.key(hashes.key)
      writer.u8(UInt8(hashes.height))
      writer.u64(hashes.index)
      writer.u8(UInt8(hashes.base))
      writer.u8(UInt8(hashes.uncles))
    }
  }

  package init(kind: UInt8, reading reader: inout WireReader) throws(Malformed) {
    switch kind {
    case PeerKind.join: self = .join(try reader.key(), size: try reader.u64())
    case PeerKind.blocks: self = .blocks(try Self.blocks(&reader))
    case PeerKind.hashes:
      self = .hashes(
        HashesRequest(
          key: try reader.key(), height: Int(try reader.u8()), index: try reader.u64(),
          base: Int(try reader.u8()), uncles: Int(try reader.u8())))
    default: throw Malformed("an unknown kind of request")
    }
    try reader.end()
  }

  private static func blocks(_ reader: inout WireReader) throws(Malformed) -> BlocksRequest {
    let key = try reader.key()
    let first = try reader.u64()
    let count = Int(try reader.u8())
    guard (1...ContentLayout.blocksPerPiece).contains(count) else {
      throw Malformed("a count of blocks that no piece has")
    }
    let uncles = try reader.u8()
    guard uncles == noHashes || uncles <= ContentLayout.treeHeightMax else {
      throw Malformed("more uncles than any tree has")
    }
    guard let urgency = Urgency(rawValue: try reader.u8()) else { throw Malformed("an unknown urgency") }
    return BlocksRequest(
      key: key, first: first, count: count, uncles: uncles == noHashes ? nil : Int(uncles), urgency: urgency)
  }
}

extension PeerPush {
  package var kind: UInt8 {
    switch self {
    case .gained: PeerKind.gained
    case .lost: PeerKind.lost
    case .cancel: PeerKind.cancel
    case .part: PeerKind.part
    }
  }

  package func write(to writer: inout WireWriter) {
    switch self {
    case .gained(let key, let blocks), .lost(let key, let blocks):
      writer.key(key)
      writer.held(blocks)
    case .cancel(let exchange): writer.u32(exchange)
    case .part(let key): writer.key(key)
    }
  }

  package init(kind: UInt8, reading reader: inout WireReader) throws(Malformed) {
    switch kind {
    case PeerKind.gained: self = .gained(try reader.key(), try reader.held())
    case PeerKind.lost: self = .lost(try reader.key(), try reader.held())
    case PeerKind.cancel: self = .cancel(exchange: try reader.u32())
    case PeerKind.part: self = .part(try reader.key())
    default: throw Malformed("an unknown kind of push")
    }
    try reader.end()
  }
}

extension HeldBlocks {
  /// As the whole body of the answer to a join.
  package init(answer body: RawSpan) throws(Malformed) {
    var reader = WireReader(body)
    self = try reader.held()
    try reader.end()
  }
}

extension WireWriter {
  package mutating func held(_ blocks: HeldBlocks) {
    switch blocks {
    case .none: u8(0)
    case .all: u8(1)
    case .some(let runs):
      u8(2)
      list(runs) { writer, run in
        writer.u64(run.lowerBound)
        writer.u64(run.upperBound)
      }
    }
  }
}

extension WireReader {
  /// Sorted, apart and not empty, or it is no set of blocks.
  fileprivate mutating func held() throws(Malformed) -> HeldBlocks {
    switch try u8() {
    case 0: return .none
    case 1: return .all
    case 2:
      var end: UInt64?
      let runs = try list(max: HeldBlocks.runsMax, bytesEach: 16) { reader throws(Malformed) in
        let lower = try reader.u64()
        let upper = try reader.u64()
        guard lower < upper, end.map({ $0 < lower }) ?? true else {
          throw Malformed("runs of blocks out of order")
        }
        end = upper
        return lower..<upper
      }
      guard !runs.isEmpty else { throw Malformed("no runs, which has a shorter form") }
      return .some(runs)
    default: throw Malformed("an unknown form of blocks")
    }
  }
}
