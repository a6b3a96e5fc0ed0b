// How far something has come, told to the door now and then: not more often than a person can read. How it looks on a
// terminal is in ProgressBar.

import GroupModel
import Link

final class ProgressMeter {
  private static let pauseMilliseconds = 200
  /// The rate is that of so many last tellings: one that stalls shows it, and one that jumps about can still be read.
  private static let samplesMax = 25

  private let label: String
  private let door: any Door
  private var samples: [(at: Instant, bytes: UInt64)] = []

  init(_ path: FilePath, in group: GroupName, _ door: any Door) {
    label = "\(group)/\(Printable.escaped(path.bytes))"
    self.door = door
  }

  func tell(_ done: UInt64, of all: UInt64) {
    let now = Instant.now
    if let last = samples.last, now.milliseconds(after: last.at) < Self.pauseMilliseconds { return }
    samples.append((now, done))
    if samples.count > Self.samplesMax { samples.removeFirst() }
    door.show(
      Progress(label: label, doneBytes: done, totalBytes: all, bytesPerSecond: rate, isOver: false))
  }

  private var rate: UInt64 {
    guard let first = samples.first, let last = samples.last else { return 0 }
    let elapsed = UInt64(max(1, last.at.milliseconds(after: first.at)))
    return (last.bytes - min(last.bytes, first.bytes)) * 1000 / elapsed
  }

  /// Once: what is said after it has its own line.
  func end() {
    guard !samples.isEmpty else { return }
    samples = []
    door.show(Progress(label: label, doneBytes: 0, totalBytes: 0, bytesPerSecond: 0, isOver: true))
  }
}
