// What the README shows is done here, line by line, and says what the README says that it says.

import Foundation
import Testing

@Suite(.timeLimit(.minutes(2)))
struct ReadmeTests {
  @Test func `every command that the README shows works, and answers what it shows`() throws {
    let readme = try String(contentsOfFile: Programs.root + "README.md", encoding: .utf8)
    let steps = ConsoleStep.all(in: readme)
    #expect(steps.count > 25, "the README has lost its examples")
    let machines = Machines()
    for step in steps {
      let (isRight, said) = machines.take(step)
      guard isRight else {
        Issue.record("\(step.who)$ \(step.command)\nis to say:\n\(step.output)\nand says:\n\(said)")
        return
      }
    }
  }
}

/// `who$ command` in a block of the kind `console`, and the lines that follow it.
private struct ConsoleStep {
  let who: String
  let command: String
  var output = ""

  static func all(in text: String) -> [ConsoleStep] {
    var steps: [ConsoleStep] = []
    var isInside = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInside = line == "```console"
      } else if isInside, let prompt = line.firstRange(of: "$ "),
        line[..<prompt.lowerBound].allSatisfy(\.isLowercase)
      {
        steps.append(
          ConsoleStep(who: String(line[..<prompt.lowerBound]), command: String(line[prompt.upperBound...])))
      } else if isInside {
        steps[steps.count - 1].output += line + "\n"
      }
    }
    return steps
  }

  /// `…` stands for anything, also for several lines.
  func allows(_ said: String) -> Bool {
    var rest = said[...]
    var parts = output.split(separator: "…", omittingEmptySubsequences: false)[...]
    guard let first = parts.popFirst(), rest.hasPrefix(first) else { return false }
    rest = rest.dropFirst(first.count)
    guard let last = parts.popLast() else { return rest.isEmpty }
    for part in parts {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(last)
  }

  /// Only looks: may be asked again until the others have heard of it.
  var onlyLooks: Bool { ["ls", "cat", "p2pfs list", "p2pfs show"].contains { command.hasPrefix($0) } }

  var stays: String? { command.hasSuffix(" &") ? String(command.dropLast(2)) : nil }
}

/// A home for each of them, on this machine; what stays is ended with it.
private final class Machines {
  private let scratch = Scratch()
  private let port = Ports.free()
  private var staying: [Child] = []

  init() {
    for who in ["alice", "bob", "tracker"] { scratch.make(who) }
    scratch.make("alice/photos")
    for (name, count) in [
      ("report.pdf", 3_000_000), ("photos/a.jpg", 2_000_000), ("photos/b.jpg", 1_000_000),
    ] {
      scratch.write("alice/" + name, String(repeating: "x", count: count))
    }
  }

  func take(_ step: ConsoleStep) -> (isRight: Bool, said: String) {
    var said = ""
    for _ in 0..<50 {
      said = step.stays.map { starts($0, step) } ?? runs(step)
      if step.allows(said) { return (true, said) }
      guard step.onlyLooks else { break }
      usleep(100_000)
    }
    return (false, said)
  }

  private func runs(_ step: ConsoleStep) -> String {
    let outcome = child(of: step, step.command).finish()
    let said = outcome.exit == 0 ? outcome.output : "exit \(outcome.exit): \(outcome.errors)"
    return said.replacing("127.0.0.1:\(port)", with: Self.shownAddress)
  }

  /// What everybody is given by whoever runs the tracker.
  private func starts(_ command: String, _ step: ConsoleStep) -> String {
    let child = child(of: step, "exec " + command)
    staying.append(child)
    if step.who == "tracker" {
      child.waitFor("\n")
      for who in ["alice", "bob"] { scratch.write(who + "/tracker_info.txt", "127.0.0.1:\(port)\n") }
    } else {
      let asks = ConsoleStep(who: step.who, command: "p2pfs peers")
      for _ in 0..<100 where runs(asks).hasPrefix("exit") { usleep(50_000) }
      if runs(asks).hasPrefix("exit") { return "it does not run: \(child.text(1))\(child.text(2))" }
    }
    return child.text(1).replacing("127.0.0.1:\(port)", with: Self.shownAddress)
  }

  private static let shownAddress = "192.0.2.10:9002"

  private func child(of step: ConsoleStep, _ command: String) -> Child {
    let home = scratch.path + "/" + step.who
    return Child(
      "/bin/bash", ["-c", command.replacing(Self.shownAddress, with: "127.0.0.1:\(port)") + merging(step)],
      environment: [
        "HOME": home, "PATH": Programs.root + ".build/release:/usr/bin:/bin",
        "P2PFS_PASSWORD": "correct horse battery",
      ], directory: home)
  }

  /// On a terminal both streams come to one place.
  private func merging(_ step: ConsoleStep) -> String { step.output.contains("first sight") ? " 2>&1" : "" }

  deinit {
    for who in ["alice", "bob"] {
      Child("/usr/bin/fusermount3", ["-u", "-z", "-q", "\(scratch.path)/\(who)/swarm"]).finish(within: 10)
    }
    for child in staying.reversed() {
      child.signal(SIGTERM)
      child.wait(within: 10)
    }
  }
}
