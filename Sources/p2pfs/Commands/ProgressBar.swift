// Progress on one line of a terminal, written over itself, as wide as the terminal is at that moment.

enum ProgressBar {
  private static let cellsMax = 24
  private static let cellsMin = 6
  private static let labelMin = 12
  private static let spareColumns = 3

  /// So that the line does not wrap, neither where a terminal shows Ctrl-C as `^C` behind it. The narrower it is, the less is said: first the
  /// bar goes, then rate and time, and the name is cut at its front last.
  static func line(_ progress: Progress, width: Int) -> String {
    let room = max(1, width - spareColumns)
    let percent = " \(percent(progress))%"
    let rate = percent + " \(size(progress.bytesPerSecond))/s \(timeLeft(progress))"
    let wanted = min(DisplayWidth.of(progress.label), max(labelMin, room / 3))
    let numbers = rate.count + wanted <= room ? rate : percent
    let spare = room - wanted - numbers.count - 3
    let bar = spare >= cellsMin ? " [\(bar(progress, cells: min(spare, cellsMax)))]" : ""
    let label = cut(progress.label, to: room - bar.count - numbers.count)
    return label + bar + numbers
  }

  private static func part(_ progress: Progress) -> Double {
    progress.totalBytes == 0
      ? 1 : Double(min(progress.doneBytes, progress.totalBytes)) / Double(progress.totalBytes)
  }

  private static func percent(_ progress: Progress) -> Int { Int(part(progress) * 100) }

  private static func bar(_ progress: Progress, cells: Int) -> String {
    let full = Int(part(progress) * Double(cells))
    return String(repeating: "#", count: full) + String(repeating: "-", count: cells - full)
  }

  /// The end of a path says more than its beginning.
  private static func cut(_ label: String, to width: Int) -> String {
    if DisplayWidth.of(label) <= width { return label }
    var rest = label[...]
    while !rest.isEmpty, DisplayWidth.of(String(rest)) > width - 1 { rest.removeFirst() }
    return width > 0 ? "…" + rest : ""
  }

  private static func timeLeft(_ progress: Progress) -> String {
    let left = progress.totalBytes - min(progress.totalBytes, progress.doneBytes)
    return time(for: left, at: progress.bytesPerSecond).map { "\($0) left" } ?? "-:--"
  }

  /// `0:06`, `10:14:24`; nil where it would take for ever, or nearly.
  static func time(for bytes: UInt64, at bytesPerSecond: UInt64) -> String? {
    guard bytesPerSecond > 0 else { return nil }
    let seconds = bytes / bytesPerSecond
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    if hours > 99 { return nil }
    return (hours > 0 ? "\(hours):\(twoDigits(minutes))" : "\(minutes)") + ":\(twoDigits(seconds % 60))"
  }

  private static func twoDigits(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }

  static func size(_ bytes: UInt64) -> String {
    var value = Double(bytes)
    for unit in ["B", "K", "M", "G"] {
      // Three digits before the point, never four.
      if value < 1000 { return unit == "B" ? "\(bytes)B" : "\((value * 10).rounded() / 10)\(unit)" }
      value /= 1024
    }
    return "\((value * 10).rounded() / 10)T"
  }
}
