// How far something has come that takes its time.

struct Progress: Hashable, Sendable {
  let label: String
  let doneBytes: UInt64
  let totalBytes: UInt64
  let bytesPerSecond: UInt64
  /// Nothing is under way any longer: the door takes its line away.
  let isOver: Bool
}
