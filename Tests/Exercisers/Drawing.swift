// What is drawn at random, and sums to know it by.

import TestSupport

extension SeededRandom {
  mutating func upTo(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  mutating func oneOf<Element>(_ elements: [Element]) -> Element { elements[upTo(elements.count)] }

  mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}

/// FNV-1a: it finds mixtures, and nobody here is out to deceive.
func checksum(_ bytes: some Sequence<UInt8>) -> UInt64 {
  var sum: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
  return sum
}
