import Testing

@testable import GroupModel

@Suite struct PeerMessageTests {
  private static let key = ContentKey(
    group: GroupID(9), root: ContentRoot(Digest(hashing: [1, 2, 3].span.bytes)))

  static let requests: [PeerRequest] = [
    .join(key, size: 1 << 50),
    .blocks(BlocksRequest(key: key, first: 77, count: 32, uncles: nil, urgency: .now)),
    .blocks(BlocksRequest(key: key, first: 0, count: 1, uncles: 0, urgency: .next)),
    .blocks(BlocksRequest(key: key, first: 1 << 36, count: 7, uncles: 31, urgency: .ahead)),
    .hashes(HashesRequest(key: key, height: 13, index: 4, base: 0, uncles: 12)),
  ]

  static let pushes: [PeerPush] = [
    .gained(key, .some([0..<1, 5..<9])), .gained(key, .all), .lost(key, .none), .cancel(exchange: 7),
    .part(key),
  ]

  @Test(arguments: requests) func `a request is read as it was written`(request: PeerRequest) throws {
    var writer = WireWriter()
    request.write(to: &writer)
    var reader = WireReader(writer.bytes.span.bytes)
    #expect(try PeerRequest(kind: request.kind, reading: &reader) == request)
    for count in 0..<writer.bytes.count {
      var short = WireReader(writer.bytes.span.bytes.extracting(..<count))
      #expect(throws: Malformed.self) { try PeerRequest(kind: request.kind, reading: &short) }
    }
    let long = writer.bytes + [0]
    var longer = WireReader(long.span.bytes)
    #expect(throws: Malformed.self) { try PeerRequest(kind: request.kind, reading: &longer) }
  }

  @Test(arguments: pushes) func `a push is read as it was written`(push: PeerPush) throws {
    var writer = WireWriter()
    push.write(to: &writer)
    var reader = WireReader(writer.bytes.span.bytes)
    #expect(try PeerPush(kind: push.kind, reading: &reader) == push)
    for count in 0..<writer.bytes.count {
      var short = WireReader(writer.bytes.span.bytes.extracting(..<count))
      #expect(throws: Malformed.self) { try PeerPush(kind: push.kind, reading: &short) }
    }
  }

  /// From PROTOCOL.md, byte by byte.
  @Test func `a request for blocks has the bytes of the protocol`() {
    var writer = WireWriter()
    Self.requests[3].write(to: &writer)
    #expect(writer.bytes.count == 8 + 32 + 8 + 1 + 1 + 1)
    #expect(Array(writer.bytes[..<8]) == [0, 0, 0, 0, 0, 0, 0, 9])
    #expect(Array(writer.bytes[40...]) == [0, 0, 0, 16, 0, 0, 0, 0, 7, 31, 2])
  }

  private static func change(_ request: PeerRequest, at index: Int, to byte: UInt8) -> [UInt8] {
    var writer = WireWriter()
    request.write(to: &writer)
    var bytes = writer.bytes
    bytes[index] = byte
    return bytes
  }

  @Test(
    arguments: [
      (48, 0), (48, 33), (48, 255), (49, 37), (49, 254), (50, 3), (50, 255),
    ] as [(Int, UInt8)])
  func `counts that no content has are refused`(index: Int, byte: UInt8) {
    let bytes = Self.change(Self.requests[3], at: index, to: byte)
    var reader = WireReader(bytes.span.bytes)
    #expect(throws: Malformed.self) { try PeerRequest(kind: PeerKind.blocks, reading: &reader) }
  }

  @Test(
    arguments: [
      [], [5..<5], [5..<9, 9..<10], [5..<9, 2..<3], [0..<2, 1..<3],
    ] as [[Range<UInt64>]])
  func `blocks held that are in no order are refused`(runs: [Range<UInt64>]) {
    var writer = WireWriter()
    writer.key(Self.key)
    writer.held(.some(runs))
    var reader = WireReader(writer.bytes.span.bytes)
    #expect(throws: Malformed.self) { try PeerPush(kind: PeerKind.gained, reading: &reader) }
  }

  @Test func `more runs than a message may hold are refused, whatever it says`() {
    for count in [UInt32(HeldBlocks.runsMax + 1), .max] {
      var writer = WireWriter()
      writer.u8(2)
      writer.u32(count)
      for run in 0..<UInt64(min(Int(count), HeldBlocks.runsMax + 1)) {
        writer.u64(2 * run)
        writer.u64(2 * run + 1)
      }
      #expect(throws: Malformed.self) { try HeldBlocks(answer: writer.bytes.span.bytes) }
    }
  }

  @Test func `what is held is said in its shortest form, and never more than is held`() throws {
    let layout = try #require(ContentLayout(fileBytes: 20_000 * ContentLayout.blockBytes))
    #expect(HeldBlocks(BlockRuns(), in: layout) == .none)
    #expect(HeldBlocks(BlockRuns(allOf: layout), in: layout) == .all)
    var scattered = BlockRuns(0..<100)
    for block in stride(from: 102, to: 20_000, by: 2) { scattered.insert(block..<block + 1) }
    let told = try #require(HeldBlocks(scattered, in: layout).blocks(in: layout))
    #expect(told.runs.count == HeldBlocks.runsMax)
    #expect(told.runs.allSatisfy { scattered.contains($0) })
    #expect(told.contains(0..<100))
  }

  @Test func `blocks beyond the content are no blocks of it`() throws {
    let layout = try #require(ContentLayout(fileBytes: 10 * ContentLayout.blockBytes))
    #expect(HeldBlocks.some([0..<10]).blocks(in: layout)?.count == 10)
    #expect(HeldBlocks.some([0..<11]).blocks(in: layout) == nil)
    #expect(HeldBlocks.some([UInt64.max - 1..<UInt64.max]).blocks(in: layout) == nil)
  }
}
