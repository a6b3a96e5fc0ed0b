// Random numbers that can be had again: each test prints its seed, and P2PFS_SEED=... repeats a run.

import Glibc

package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(for test: String = #function) {
    state = getenv("P2PFS_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: 0...UInt64.max)
    print("\(test): P2PFS_SEED=\(state)")
  }

  package init(seed: UInt64) { state = seed }

  /// One of its own for somebody else, so that what he draws does not depend on who comes first.
  package mutating func branch() -> SeededRandom { SeededRandom(seed: next()) }

  /// SplitMix64.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  package mutating func isTrue(oneIn count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}

/// How many rounds a test has: `usual` in `make test`, P2PFS_ROUNDS where somebody wants to know for sure.
package func rounds(_ usual: Int) -> Int {
  getenv("P2PFS_ROUNDS").flatMap { Int(String(cString: $0)) } ?? usual
}
