// TrackerRequest, as the tracker reads it from anybody: the first byte is its kind, the others its body.

import GroupModel

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 0 else { return 0 }
  let body = Array(data.array(count).dropFirst())
  var reader = WireReader(body.span.bytes)
  guard let message = try? TrackerRequest(kind: data[0], reading: &reader) else { return 0 }
  requireSame(bytes { message.write(to: &$0) }, body)
  return 0
}
