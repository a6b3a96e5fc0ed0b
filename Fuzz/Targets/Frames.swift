// What a line does with the bytes that come by it: frame after frame, each to whom it is for.

import GroupModel

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data else { return 0 }
  let all = data.array(count)
  var taken = 0
  while all.count - taken >= FrameHeader.bytes {
    var reader = WireReader(all.span.bytes.extracting(taken...))
    guard let header = try? FrameHeader(reading: &reader, bodyBytesMax: FrameHeader.bodyBytesMax) else {
      return 0
    }
    var written: [UInt8] = []
    header.append(to: &written)
    requireSame(written, all[taken..<taken + FrameHeader.bytes])
    guard reader.remaining >= header.bodyBytes else { return 0 }
    taken += FrameHeader.bytes
    guard deliver(header, Array(all[taken..<taken + header.bodyBytes])) else { return 0 }
    taken += header.bodyBytes
  }
  return 0
}

private func deliver(_ header: FrameHeader, _ body: [UInt8]) -> Bool {
  var reader = WireReader(body.span.bytes)
  switch header.role {
  case .request: return (try? TrackerRequest(kind: header.kind, reading: &reader)) != nil
  case .answer: return (try? TrackerAnswer(kind: header.kind, reading: &reader)) != nil
  case .push: return (try? TrackerPush(kind: header.kind, reading: &reader)) != nil
  case .ping, .pong: return true
  }
}
