// How far something has come, told to the door now and then: not more often than a person can read.

import GroupModel
import Link

final class ProgressMeter {
  private static let pauseMilliseconds = 200

  private let label: String
  private let door: any Door
  private var began: (at: Instant, bytes: UInt64)?
  private var lastTold: Instant?

  init(_ path: FilePath, in group: GroupName, _ door: any Door) {
    label = "\(group)/\(Printable.escaped(path.bytes))"
    self.door = door
  }

  func tell(_ done: UInt64, of all: UInt64) {
    let now = Instant.now
    let start = began ?? (now, done)
    began = start
    if let lastTold, now.milliseconds(after: lastTold) < Self.pauseMilliseconds { return }
    lastTold = now
    let elapsed = UInt64(max(1, now.milliseconds(after: start.at)))
    let rate = (done - min(done, start.bytes)) * 1000 / elapsed
    door.show(
      Progress(label: label, doneBytes: done, totalBytes: all, bytesPerSecond: rate, isOver: false))
  }

  func end() {
    guard lastTold != nil else { return }
    door.show(Progress(label: label, doneBytes: 0, totalBytes: 0, bytesPerSecond: 0, isOver: true))
  }
}

/// One line of a terminal, written over itself.
enum ProgressBar {
  private static let cells = 24

  static func line(_ progress: Progress, width: Int) -> String {
    let part = progress.totalBytes == 0 ? 1 : Double(progress.doneBytes) / Double(progress.totalBytes)
    let full = Int(part * Double(cells))
    let bar = String(repeating: "#", count: full) + String(repeating: "-", count: cells - full)
    let rate = "\(size(progress.bytesPerSecond))/s"
    let tail = " [\(bar)] \(Int(part * 100))% \(rate) \(timeLeft(progress))"
    let room = max(8, width - tail.count - 1)
    let label = progress.label.count > room ? "…" + progress.label.suffix(room - 1) : progress.label
    return label + tail
  }

  private static func timeLeft(_ progress: Progress) -> String {
    guard progress.bytesPerSecond > 0 else { return "-:--" }
    let seconds =
      (progress.totalBytes - min(progress.totalBytes, progress.doneBytes)) / progress.bytesPerSecond
    let rest = seconds % 60
    return "\(seconds / 60):\(rest < 10 ? "0" : "")\(rest) left"
  }

  static func size(_ bytes: UInt64) -> String {
    var value = Double(bytes)
    for unit in ["B", "K", "M", "G"] {
      if value < 1024 { return unit == "B" ? "\(bytes)B" : "\((value * 10).rounded() / 10)\(unit)" }
      value /= 1024
    }
    return "\((value * 10).rounded() / 10)T"
  }
}
