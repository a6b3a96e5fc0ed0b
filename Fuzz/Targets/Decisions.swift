// Decisions, entries and proposals by themselves, as they come and as the ledger stores them.

import GroupModel

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 0 else { return 0 }
  let body = Array(data.array(count).dropFirst())
  var reader = WireReader(body.span.bytes)
  switch data[0] % 4 {
  case 0:
    guard let decision = try? reader.decision() else { return 0 }
    requireSame(bytes { $0.decision(decision) }, body.dropLast(reader.remaining))
  case 1:
    guard let change = try? reader.change() else { return 0 }
    requireSame(bytes { $0.change(change) }, body.dropLast(reader.remaining))
  case 2:
    guard let entry = try? reader.entry() else { return 0 }
    requireSame(bytes { $0.entry(entry) }, body.dropLast(reader.remaining))
  default:
    guard let proposal = try? reader.proposal() else { return 0 }
    requireSame(bytes { $0.proposal(proposal) }, body.dropLast(reader.remaining))
  }
  return 0
}
