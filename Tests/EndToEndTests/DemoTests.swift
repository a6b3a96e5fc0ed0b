// What a stranger runs first, as he runs it: in a clone, from any place, as whoever he is, and broken off in the middle.

import Foundation
import Testing

@Suite(.serialized, .timeLimit(.minutes(3)))
struct DemoTests {
  private let clone = Clone()

  @Test func `the demo tells the whole story, can be kept, run again and stopped`() {
    let first = clone.demo("--keep").finish(within: 60)
    #expect(first.exit == 0, "\(first)")
    expectStory(in: first.output)
    #expect(clone.mounts.count == 2 && clone.processes.count == 4, "it is all left running")

    let second = clone.demo("--keep").finish(within: 60)
    #expect(second.exit == 0, "\(second)")
    #expect(clone.mounts.count == 2 && clone.processes.count == 4, "the first has made room")

    #expect(clone.demo("--stop").finish(within: 30).exit == 0)
    expectNothingLeft()
    let third = clone.demo("--stop").finish(within: 30)
    #expect(third.exit == 1 && third.errors.contains("nothing to stop"), "\(third)")
  }

  @Test func `Ctrl-C on a terminal ends it, and leaves nothing behind`() {
    let demo = clone.demo(onTerminal: true)
    #expect(demo.waitFor("\u{1B}[1m5. ", within: 60), "\(demo.text(1))")
    demo.write("\u{3}")
    #expect(demo.finish(within: 30).exit == 130)
    expectNothingLeft()
  }

  @Test(.enabled(if: getuid() == 0, "root can be somebody else")) func `an ordinary user sees it too`() {
    let outcome = clone.demoAsNobody().finish(within: 60)
    #expect(outcome.exit == 0, "\(outcome)")
    expectStory(in: outcome.output)
    expectNothingLeft()
  }

  private func expectStory(in output: String) {
    let lines = output.split(separator: "\n").map(String.init)
    for told in [
      "bob$ echo team > bob/.join", "team pending", "alice$ echo accept bob > alice/team/.requests",
      "bob member online", "0 bytes of it are here", "16384 bytes of it are here", "[C] [team] recording.mov",
      "the same", "cut the first minute", "bob/team/2026/recording.mov",
    ] {
      #expect(lines.contains { $0.hasSuffix(told) }, "\(told) is missing in \(output)")
    }
    let sums = lines.filter { $0.hasSuffix("recording.mov") || $0.hasSuffix("  -") }.compactMap {
      $0.split(separator: " ").first.map(String.init)
    }.filter { $0.count == 64 }
    #expect(sums.count == 4 && Set(sums).count == 2, "both read the same: \(sums)")
    #expect(output.contains("rm team/recording.mov: recording.mov belongs to alice"))
    #expect(!output.contains("\u{1B}"), "no colours into a pipe")
  }

  private func expectNothingLeft() {
    #expect(clone.mounts.isEmpty)
    #expect(clone.processes.isEmpty)
    #expect(clone.left.isEmpty, "\(clone.left)")
  }
}

/// A clone of this repository, with the programs that were built here.
private final class Clone {
  private let scratch = Scratch()
  private var place: String { scratch.path + "/p2pfs" }

  init() {
    let cloning = Child("/usr/bin/git", ["clone", "-q", Programs.root, place]).finish()
    precondition(cloning.exit == 0, cloning.errors)
    // What is not committed yet is what is to be tested.
    try? FileManager.default.removeItem(atPath: script)
    try! FileManager.default.copyItem(atPath: Programs.root + "Scripts/demo.sh", toPath: script)
    chmod(scratch.path, 0o755)
    scratch.make("tmp")
    chmod(scratch.path + "/tmp", 0o777)
  }

  private var script: String { place + "/Scripts/demo.sh" }

  private var environment: [String: String] {
    [
      "P2PFS_BIN": Programs.root + ".build/release", "DEMO_BYTES": "20000000",
      "TMPDIR": scratch.path + "/tmp",
      "HOME": scratch.path,
    ]
  }

  func demo(_ arguments: String..., onTerminal: Bool = false) -> Child {
    Child(script, arguments, environment: environment, directory: "/", onTerminal: onTerminal)
  }

  /// In a mount namespace whose /dev/fuse is for all, as it is on most machines.
  func demoAsNobody() -> Child {
    let outside = """
      set -e
      mount -t tmpfs none \(scratch.path)/tmp && chmod 777 \(scratch.path)/tmp
      mknod -m 666 \(scratch.path)/tmp/fuse c 10 229
      mount --bind \(scratch.path)/tmp/fuse /dev/fuse
      setpriv --reuid=65534 --regid=65534 --clear-groups \(script)
      rm \(scratch.path)/tmp/fuse
      [ -z "$(ls -A \(scratch.path)/tmp)" ] || { ls -lA \(scratch.path)/tmp >&2; exit 99; }
      """
    return Child("/usr/bin/unshare", ["-m", "/bin/sh", "-c", outside], environment: environment)
  }

  var mounts: [String] {
    KernelText.of("/proc/self/mounts").split(separator: "\n").map(String.init)
      .filter { $0.contains(scratch.path) }
  }

  /// Of the programs that were started in it.
  var processes: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.filter { Int32($0) != nil }.filter { pid in
      let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
      let directory = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
      let words = KernelText.of("/proc/\(pid)/environ")
      return program?.hasPrefix(Programs.root + ".build/") == true
        && (directory?.hasPrefix(scratch.path) == true || words.contains(scratch.path))
    }
  }

  var left: [String] {
    let kept = FileManager.default.fileExists(atPath: place + "/demo") ? ["demo"] : []
    return kept + ((try? FileManager.default.contentsOfDirectory(atPath: scratch.path + "/tmp")) ?? [])
  }
}
