// What a daemon reads from a shell, and a shell from its daemon: a request or a reply, by the first byte. With
// Sources/p2pfs/Daemon/DaemonMessage.swift and what it speaks of.

import GroupModel

/// It goes in pieces, as JSON: no message has one.
struct Status: Hashable, Sendable {}

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 0 else { return 0 }
  let body = Array(data.array(count).dropFirst())
  if data[0] % 2 == 0 {
    guard let request = try? DaemonRequest(reading: body) else { return 0 }
    // What is no UTF-8 is mended where it is read, so only the second reading has one form.
    require((try? DaemonRequest(reading: request.bytes)) == request, "what is written is read again")
  } else {
    guard let reply = try? DaemonReply(reading: body) else { return 0 }
    require((try? DaemonReply(reading: reply.bytes)) == reply, "what is written is read again")
  }
  return 0
}
