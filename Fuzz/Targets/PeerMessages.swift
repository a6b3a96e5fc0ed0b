// What one member reads from another: a request, a push, or the answer to a join, by the first byte; then its kind and
// its body. What is held is laid over a content too, as it is before anybody believes it.

import GroupModel

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 1 else { return 0 }
  let body = Array(data.array(count).dropFirst(2))
  var reader = WireReader(body.span.bytes)
  switch data[0] % 3 {
  case 0:
    guard let request = try? PeerRequest(kind: data[1], reading: &reader) else { return 0 }
    requireSame(bytes { request.write(to: &$0) }, body)
  case 1:
    guard let push = try? PeerPush(kind: data[1], reading: &reader) else { return 0 }
    requireSame(bytes { push.write(to: &$0) }, body)
    switch push {
    case .gained(_, let held), .lost(_, let held): layOver(held)
    case .cancel, .part: break
    }
  default:
    guard let held = try? HeldBlocks(answer: body.span.bytes) else { return 0 }
    requireSame(bytes { $0.held(held) }, body)
    layOver(held)
  }
  return 0
}

private func layOver(_ held: HeldBlocks) {
  for fileBytes in [1, 16_385, 1 << 30, ContentLayout.fileBytesMax] {
    guard let layout = ContentLayout(fileBytes: fileBytes), let blocks = held.blocks(in: layout) else {
      continue
    }
    require((blocks.runs.last?.upperBound ?? 0) <= layout.blockCount, "no block beyond the end")
    if case .some = held { require(blocks.runs.count <= HeldBlocks.runsMax, "no more runs than may be said") }
  }
}
