// How long somebody who waits for a download goes on waiting when nothing comes: not at all where nobody has it.

import GroupModel
import Link
import Swarm
import Volume

struct Patience {
  /// To find who has it, and to connect.
  private static let sourceMilliseconds = 3_000

  private let transfer: Transfer
  private let volume: GroupVolume
  private var lastBytes: UInt64
  private var lastProgress = Instant.now
  private var lastSource = Instant.now

  init(_ transfer: Transfer, _ volume: GroupVolume) {
    self.transfer = transfer
    self.volume = volume
    lastBytes = transfer.doneBytes
  }

  mutating func isOver() -> VolumeError? {
    let now = Instant.now
    let bytes = transfer.doneBytes
    if bytes != lastBytes { (lastBytes, lastProgress, lastSource) = (bytes, now, now) }
    if bytes >= transfer.totalBytes { return nil }
    if volume.sources(of: transfer) > 0 { lastSource = now }
    let silent = now.milliseconds(after: lastSource)
    if !volume.book.isCurrent { return silent > volume.line.patienceMilliseconds ? .noTracker : nil }
    if silent > Self.sourceMilliseconds { return .noSource }
    return now.milliseconds(after: lastProgress) > volume.readMilliseconds ? .timedOut : nil
  }
}
