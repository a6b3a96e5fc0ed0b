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
  /// Who sends us something else meanwhile gets round to this one too.
  private var lastSentBytes = 0
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
    let sources = volume.sources(of: transfer)
    if sources.count > 0 { lastSource = now }
    if sources.sentBytes != lastSentBytes { (lastSentBytes, lastProgress) = (sources.sentBytes, now) }
    let silent = now.milliseconds(after: lastSource)
    if !volume.book.isCurrent { return silent > volume.line.patienceMilliseconds ? .noTracker : nil }
    if silent > Self.sourceMilliseconds { return .noSource }
    return now.milliseconds(after: lastProgress) > volume.readMilliseconds ? .timedOut : nil
  }
}
