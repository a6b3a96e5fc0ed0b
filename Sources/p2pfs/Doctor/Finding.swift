// What the doctor has to say of one thing: how it is, and what to do about it.

import GroupModel

struct Finding: Hashable, Sendable {
  enum Grade: String, CaseIterable, Sendable {
    case ok, info, warning, problem
  }

  let grade: Grade
  let subject: String
  let text: String
  var remedy: String?
  /// Nothing is wrong here; something elsewhere is not there.
  var isOutOfReach = false

  static func ok(_ subject: String, _ text: String) -> Finding {
    Finding(grade: .ok, subject: subject, text: text)
  }

  static func info(_ subject: String, _ text: String, _ remedy: String? = nil) -> Finding {
    Finding(grade: .info, subject: subject, text: text, remedy: remedy)
  }

  static func warning(_ subject: String, _ text: String, _ remedy: String) -> Finding {
    Finding(grade: .warning, subject: subject, text: text, remedy: remedy)
  }

  static func problem(
    _ subject: String, _ text: String, _ remedy: String, isOutOfReach: Bool = false
  ) -> Finding {
    Finding(grade: .problem, subject: subject, text: text, remedy: remedy, isOutOfReach: isOutOfReach)
  }

  /// A failure says `what was wrong: what to do`.
  static func problem(_ subject: String, _ failure: Failure) -> Finding {
    let halves = Self.halves(failure)
    return .problem(
      subject, halves.text, halves.remedy, isOutOfReach: failure.exitCode == ExitCode.unavailable)
  }

  /// What the system said stands between the two, and names may hold anything.
  private static func halves(_ failure: Failure) -> (text: String, remedy: String) {
    let sentence = failure.sentence(for: nil)
    let cuts = sentence.ranges(of: ": ")
    let cut: Range<String.Index>? =
      switch failure {
      case .disk, .damaged: cuts.last
      default: cuts.first
      }
    guard let cut else { return (sentence, "look at what it names") }
    return (String(sentence[..<cut.lowerBound]), String(sentence[cut.upperBound...]))
  }
}

/// What all of them come to.
struct Diagnosis: Sendable {
  let findings: [Finding]

  func count(_ grade: Finding.Grade) -> Int { findings.count { $0.grade == grade } }

  /// 0 without problems, 69 where all that is wrong is out of reach, else 78.
  var exitCode: Int32 {
    let problems = findings.filter { $0.grade == .problem }
    guard !problems.isEmpty else { return 0 }
    return problems.allSatisfy(\.isOutOfReach) ? ExitCode.unavailable : ExitCode.configuration
  }

  var summary: String {
    let (problems, warnings) = (count(.problem), count(.warning))
    guard problems + warnings > 0 else { return "nothing is wrong" }
    return [Self.counted(problems, "problem"), Self.counted(warnings, "warning")].compactMap { $0 }
      .joined(separator: ", ")
  }

  private static func counted(_ count: Int, _ word: String) -> String? {
    count == 0 ? nil : "\(count) \(word)\(count == 1 ? "" : "s")"
  }
}

// As lines.
extension Diagnosis {
  /// Into a pipe: `<grade> <subject>: <text>`, and the remedy indented beneath.
  var lines: [String] {
    findings.flatMap { finding in
      ["\(finding.grade.rawValue) \(finding.subject): \(Printable.oneLine(finding.text))"]
        + (finding.remedy.map { ["  \(Printable.oneLine($0))"] } ?? [])
    } + [summary]
  }

  /// For people: aligned, and as wide as the terminal.
  func page(width: Int) -> [StyledLine] {
    let subjects = findings.map { DisplayWidth.of($0.subject) }.max() ?? 0
    let indent = Self.gradeCells + subjects + 2
    let room = max(20, width - indent)
    return findings.flatMap { Self.page(of: $0, subjects, indent, room) } + [StyledLine(), verdict]
  }

  private static let gradeCells = 9

  private static func page(of finding: Finding, _ subjects: Int, _ indent: Int, _ room: Int) -> [StyledLine] {
    let head =
      StyledLine(finding.grade.rawValue, finding.grade.style).padded(to: gradeCells)
      + StyledLine(finding.subject, .bold).padded(to: subjects + 2)
    let texts = StyledLine.wrapped(finding.text, .plain, width: room)
    let remedies = finding.remedy.map { StyledLine.wrapped($0, finding.grade.style, width: room) } ?? []
    return [head + texts[0]] + (texts.dropFirst() + remedies).map { .blanks(indent) + $0 }
  }

  private var verdict: StyledLine {
    let worst = findings.map(\.grade).max { $0.weight < $1.weight } ?? .ok
    return StyledLine(summary, worst.weight < Finding.Grade.warning.weight ? .good : worst.style)
  }
}

extension Finding.Grade {
  fileprivate var weight: Int { Self.allCases.firstIndex(of: self)! }

  fileprivate var style: Style {
    switch self {
    case .ok: .good
    case .info: .faint
    case .warning: .warning
    case .problem: .bad
    }
  }
}
