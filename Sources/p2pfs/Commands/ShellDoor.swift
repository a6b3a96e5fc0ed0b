// Answers for the shell: for the next program of a pipe without header and with one space between fields; for a
// person aligned and with a header. One thread calls it.

import Glibc

final class ShellDoor: Door {
  /// Rows that are looked at before their columns are given a width. The first of a list come at once even
  /// where the list is endless; a wider one after them stands out by itself.
  static let rowsMeasuredMax = 1000

  private let output: OutputStream
  private let forPeople: Bool
  private var table: AlignedTable?
  /// How wide the line of progress is that stands on the terminal now; 0 for none.
  private var progressWidth = 0

  init(output: Int32 = STDOUT_FILENO, forPeople: Bool? = nil) {
    self.output = OutputStream(output)
    self.forPeople = forPeople ?? (isatty(output) == 1)
  }

  /// In place of the last one, and gone when it is over.
  func show(_ progress: Progress) {
    guard forPeople else { return }
    let columns = TerminalWidth.columns
    let line = progress.isOver ? "" : ProgressBar.line(progress, width: columns)
    if progressWidth == 0, !progress.isOver { Interruption.takesProgressAway(from: output.descriptor) }
    try? output.write(wipe(columns) + line)
    try? output.flush()
    progressWidth = DisplayWidth.of(line)
  }

  /// Where the terminal has been made narrower meanwhile, the line has come to lie on several.
  private func wipe(_ columns: Int) -> String {
    let rowsAbove = max(0, progressWidth - 1) / max(1, columns)
    return rowsAbove > 0 ? "\u{1B}[\(rowsAbove)A\r\u{1B}[J" : "\r\u{1B}[K"
  }

  func show(_ answer: Answer) throws(Failure) {
    if progressWidth > 0 {
      show(Progress(label: "", doneBytes: 0, totalBytes: 0, bytesPerSecond: 0, isOver: true))
    }
    switch answer {
    case .line(let text):
      try endTable()
      try output.write(text + "\n")
      try output.flush()
    case .status(let status):
      try endTable()
      for line in lines(of: status) { try output.write(line + "\n") }
      try output.flush()
    case .table(let columns):
      try endTable()
      table = forPeople ? AlignedTable(columns) : nil
    case .row(let fields): try show(row: fields)
    }
  }

  private func lines(of status: Status) -> [String] {
    guard forPeople else { return status.lines }
    let look = Look(of: .ofProcess)
    return StatusPage.lines(status, width: TerminalWidth.columns, look).map { $0.painted(look) }
  }

  /// Nothing may be said afterwards. Not to be forgotten: only now is it known whether all could be written.
  func finish() throws(Failure) {
    try endTable()
    try output.flush()
  }

  /// What a console has said so far is to be seen, and more may follow.
  func flush() throws(Failure) { try finish() }

  private func show(row fields: [String]) throws(Failure) {
    guard let table else { return try output.write(fields.joined(separator: " ") + "\n") }
    for line in table.lines(adding: fields) { try output.write(line + "\n") }
  }

  private func endTable() throws(Failure) {
    guard let ending = table else { return }
    table = nil
    for line in ending.lastLines() { try output.write(line + "\n") }
  }
}

/// Whoever presses Ctrl-C at a line of progress gets his prompt on a clean one.
private enum Interruption {
  private static let wipe: StaticString = "\r\u{1B}[K"
  nonisolated(unsafe) private static var terminal: Int32 = -1

  static func takesProgressAway(from descriptor: Int32) {
    guard terminal < 0 else { return }
    terminal = descriptor
    for number in [SIGINT, SIGTERM, SIGHUP] { handle(number) }
  }

  /// A signal that is ignored, as by nohup, stays so, and one that the console takes.
  private static func handle(_ number: Int32) {
    let before = signal(number) { number in
      _ = write(Interruption.terminal, Interruption.wipe.utf8Start, Interruption.wipe.utf8CodeUnitCount)
      signal(number, SIG_DFL)
      raise(number)
    }
    if unsafeBitCast(before, to: Int.self) != 0 { signal(number, before) }
  }
}

/// A table whose columns are as wide as what has been seen of it.
private final class AlignedTable {
  private let columns: [Answer.Column]
  private var waiting: [[String]]
  private var widths: [Int]?

  init(_ columns: [Answer.Column]) {
    self.columns = columns
    waiting = [columns.map(\.title)]
  }

  /// What can be written now.
  func lines(adding fields: [String]) -> [String] {
    if let widths { return [line(fields, widths)] }
    waiting.append(fields)
    return waiting.count <= ShellDoor.rowsMeasuredMax ? [] : lastLines()
  }

  func lastLines() -> [String] {
    guard widths == nil else { return [] }
    let measured = columns.indices.map { column in waiting.map { DisplayWidth.of($0[column]) }.max() ?? 0 }
    widths = measured
    defer { waiting = [] }
    return waiting.map { line($0, measured) }
  }

  private func line(_ fields: [String], _ widths: [Int]) -> String {
    columns.indices.map { index in
      let space = String(repeating: " ", count: max(0, widths[index] - DisplayWidth.of(fields[index])))
      if columns[index].isNumber { return space + fields[index] }
      return index == columns.count - 1 ? fields[index] : fields[index] + space
    }.joined(separator: "  ")
  }
}
