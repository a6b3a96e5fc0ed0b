// Somebody whose groups are a directory, and what he does there at a shell.

import Foundation
import Testing

/// A daemon in the foreground with its mount. It is killed with its story, and its mount goes then.
final class Mounted: @unchecked Sendable {
  let person: Person
  let place: String
  private let options: [String]
  private(set) var daemon: Child

  fileprivate init(_ person: Person, _ options: [String], _ sourceLocation: SourceLocation) {
    self.person = person
    self.options = options
    place = person.story.scratch.path + "/mount-\(person.name)"
    person.story.mountPoints.insert(place)
    daemon = Self.mount(person, place, options, sourceLocation)
  }

  private static func mount(
    _ person: Person, _ place: String, _ options: [String], _ sourceLocation: SourceLocation
  ) -> Child {
    let daemon = person.start(["--listen", "127.0.0.1:0"] + options + ["mount", place, "-f"])
    person.story.daemons.append(daemon)
    #expect(
      daemon.waitFor("mounted", on: 2, within: 60), "\(daemon.text(2))", sourceLocation: sourceLocation)
    return daemon
  }

  var name: String { person.name }

  /// As a machine that loses its power, but for what the kernel still writes.
  func isKilled() { daemon.isKilled() }

  /// What a dead daemon left in the way is no hindrance.
  func mountsAgain(sourceLocation: SourceLocation = #_sourceLocation) {
    daemon = Self.mount(person, place, options, sourceLocation)
  }

  func unmounts(sourceLocation: SourceLocation = #_sourceLocation) {
    person.succeeds("unmount", place, sourceLocation: sourceLocation)
    #expect(daemon.wait(within: 30) == 0, sourceLocation: sourceLocation)
  }
}

extension Person {
  func mounts(_ options: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) -> Mounted {
    Mounted(self, options, sourceLocation)
  }
}

// At the shell, whose directory the mount is. `$S` is the story's own directory, which is on a disk.
extension Mounted {
  func starts(_ script: String, onTerminal: Bool = false) -> Child {
    let own = [
      "HOME": person.story.scratch.path, "S": person.story.scratch.path, "TERM": "xterm",
      "PYTHONDONTWRITEBYTECODE": "1",
    ]
    return Child(
      "/bin/bash", ["-e", "-o", "pipefail", "-c", script], environment: own, directory: place,
      onTerminal: onTerminal)
  }

  func tries(_ script: String, within seconds: Double = 60) -> Outcome {
    starts(script).finish(within: seconds)
  }

  /// Ends well, and without a complaint; what it printed, but for the last newline.
  @discardableResult
  func does(
    _ script: String, within seconds: Double = 60, sourceLocation: SourceLocation = #_sourceLocation
  ) -> String {
    let outcome = tries(script, within: seconds)
    #expect(outcome.exit == 0, "\(name): \(script): \(outcome)\(lastWords)", sourceLocation: sourceLocation)
    return outcome.output.hasSuffix("\n") ? String(outcome.output.dropLast()) : outcome.output
  }

  /// Of a daemon that has ended.
  private var lastWords: String {
    daemon.wait(within: 0).map { "the daemon has ended: \($0)\n\(daemon.text(2))" } ?? ""
  }

  /// Fails with the words of that error number.
  func isRefused(
    _ number: Int32, _ script: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let outcome = tries(script)
    let words = String(cString: strerror(number))
    #expect(
      outcome.exit != 0 && outcome.errors.contains(words),
      "\(name): \(script): not '\(words)' but \(outcome)",
      sourceLocation: sourceLocation)
  }

  /// What others do is seen within a second; a machine that is busy with other things is given more.
  func sees(
    _ text: String, by script: String, within seconds: Double = 10,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let deadline = Date(timeIntervalSinceNow: seconds)
    var output = ""
    repeat {
      output = tries(script).output
      if output == text || output == text + "\n" { return }
      usleep(50_000)
    } while Date() < deadline
    Issue.record(
      "\(name): \(script): '\(output)' and not '\(text)'\(lastWords)", sourceLocation: sourceLocation)
  }

  /// Of a file: one of `owner`, `root`, `link`, `sharers`, `have`, `state`.
  func attribute(_ word: String, of file: String, sourceLocation: SourceLocation = #_sourceLocation) -> String
  {
    does("getfattr --only-values -n user.p2pfs.\(word) '\(file)'", sourceLocation: sourceLocation)
  }

  /// Bytes of a file that are on this machine.
  func have(_ file: String) -> Int { Int(attribute("have", of: file)) ?? -1 }
}
