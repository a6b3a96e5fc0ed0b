// A person's groups as directories, by a real mount.

import Foundation
import Testing

extension Person {
  var mountPoint: String { story.scratch.path + "/" + URL(filePath: state).lastPathComponent + "-mount" }

  func mountsApart(
    _ options: String..., at place: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) -> MountedDirectory {
    let mount = MountedDirectory(of: self, at: place)
    mount.comesUp(options, sourceLocation: sourceLocation)
    return mount
  }
}

/// Ends with its owner, whatever has become of its daemon.
final class MountedDirectory {
  let path: String
  private let person: Person

  init(of person: Person, at place: String? = nil) {
    self.person = person
    path = place ?? person.mountPoint
  }

  /// Mounted when this returns; also once more.
  func comesUp(_ options: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) {
    let outcome = person.run(["mount", path] + options)
    #expect(outcome.exit == 0, "\(outcome)", sourceLocation: sourceLocation)
  }

  deinit {
    if let daemon { kill(daemon, SIGKILL) }
    while isMounted, Child("/usr/bin/umount", ["-l", path]).finish().exit == 0 {}
  }

  var isMounted: Bool { KernelText.isMounted(path) }

  /// Whoever holds the lock of the state directory.
  var daemon: pid_t? {
    let lock = person.state + "/daemon.lock"
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { pid_t($0) }.first { process in
      let files = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
      return files.contains { file in
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(file)")) == lock
      }
    }
  }

  /// By a shell in the directory, whose exit status and output are those of the script.
  func shell(_ script: String) -> Outcome {
    Child("/bin/bash", ["-c", script], directory: path).finish()
  }

  @discardableResult
  func does(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) -> String {
    let outcome = shell(script)
    #expect(outcome.exit == 0, "\(script): \(outcome)", sourceLocation: sourceLocation)
    return outcome.output
  }

  /// Because of what a system call said.
  func fails(_ script: String, _ number: Int32, sourceLocation: SourceLocation = #_sourceLocation) {
    let outcome = shell(script)
    let words = String(cString: strerror(number))
    #expect(
      outcome.exit != 0 && outcome.errors.contains(words), "\(script): \(outcome)",
      sourceLocation: sourceLocation)
  }

  /// Waits for what comes from others.
  @discardableResult
  func sees(
    _ text: String, by script: String, within seconds: Double = 5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    var output = ""
    while Date() < deadline {
      output = shell(script).output
      if output == text { return true }
      usleep(20_000)
    }
    Issue.record("\(script) says \(output)", sourceLocation: sourceLocation)
    return false
  }
}
