// The first message of the kernel, and what is added to libfuse's answer to it.

import CFuse
import Testing

@testable import p2pfs

@Suite struct FuseOfferTests {
  private let passthrough: UInt64 = 1 << 37
  private let extended: UInt64 = 1 << 30
  private let killsPrivileges: UInt64 = 1 << 28

  private func message(_ flags: UInt64, opcode: UInt32 = 26, bytes: Int = 104) -> [UInt8] {
    var words = [UInt32](repeating: 0, count: 26)
    (words[0], words[1]) = (UInt32(bytes), opcode)
    (words[10], words[11], words[12]) = (7, 45, 131_072)
    (words[13], words[14]) = (UInt32(truncatingIfNeeded: flags), UInt32(flags >> 32))
    return words.withUnsafeBytes { Array($0.prefix(bytes)) }
  }

  private func offer(_ flags: UInt64) -> FuseOffer? { message(flags).withUnsafeBytes { FuseOffer($0) } }

  private func accepted(_ offer: FuseOffer?, passthrough: Bool, before: UInt32 = 0) -> [UInt32] {
    var words = [UInt32](repeating: 0, count: 16)
    words[3] = before
    words.withUnsafeMutableBytes { offer?.accept(in: $0, passthrough: passthrough) }
    return words
  }

  @Test func `passthrough is taken where it is offered and wanted`() {
    let words = accepted(offer(extended | passthrough), passthrough: true, before: 9)
    #expect(words[3] == 9 | UInt32(extended))
    #expect(words[8] == 1 << 5)
    #expect(words[9] == 1)
  }

  @Test func `what is not offered or not wanted is not taken`() {
    #expect(offer(extended)?.hasPassthrough == false)
    #expect(offer(passthrough)?.hasPassthrough == false)
    for (flags, isWanted) in [(extended, true), (passthrough, true), (extended | passthrough, false)] {
      #expect(accepted(offer(flags), passthrough: isWanted) == [UInt32](repeating: 0, count: 16))
    }
  }

  @Test func `privileges are killed here, where there are none`() {
    #expect(accepted(offer(killsPrivileges), passthrough: true)[3] == UInt32(killsPrivileges))
  }

  @Test func `other messages, and stumps, offer nothing`() {
    #expect(message(extended, opcode: 1).withUnsafeBytes { FuseOffer($0) } == nil)
    #expect(message(extended, bytes: 48).withUnsafeBytes { FuseOffer($0) } == nil)
    #expect([UInt8]().withUnsafeBytes { FuseOffer($0) } == nil)
  }

  @Test func `an answer of an older protocol is left alone`() {
    var words: [UInt32] = [7, 4]
    words.withUnsafeMutableBytes { offer(extended | passthrough)?.accept(in: $0, passthrough: true) }
    #expect(words == [7, 4])
  }
}
