// Data directories that a tracker cannot work on: never touched, told in a sentence with a remedy, exit 74.

import Foundation
import Testing

@Suite struct DataDirectoryTests {
  private let story = Story()

  private func expectRefusal(
    _ parts: String..., through wrapper: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let command = wrapper + [Programs.tracker, "--data", story.data, story.info, "1"]
    let outcome = Child(command[0], Array(command.dropFirst())).finish(within: 15)
    #expect(outcome.exit == 74 && outcome.output == "", "\(outcome)", sourceLocation: sourceLocation)
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 1 && lines[0].hasPrefix("tracker: "), "\(outcome)", sourceLocation: sourceLocation)
    for part in parts {
      #expect(outcome.errors.contains(part), "\(outcome)", sourceLocation: sourceLocation)
    }
  }

  /// A network with an account, whose tracker has ended.
  private func somethingIsThere() {
    story.startTracker()
    story.person("alice").succeeds("create_user", "alice", "secret")
    story.tracker().signal(SIGTERM)
    #expect(story.tracker().wait(within: 10) == 0)
  }

  private func sqlite(_ statement: String) {
    #expect(Child("/usr/bin/sqlite3", [story.data + "/ledger.sqlite", statement]).finish().exit == 0)
  }

  /// Writes over the middle of a file.
  private func damage(_ name: String, with text: String, at offset: UInt64) throws {
    let file = try FileHandle(forUpdating: URL(filePath: story.data + "/" + name))
    try file.seek(toOffset: offset)
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }

  @Test func `a file in its place`() {
    story.scratch.write("data", "precious")
    expectRefusal("\(story.data) is no directory: give another with --data")
    story.data += "/below"
    expectRefusal("Not a directory", "--data")
  }

  @Test(.enabled(if: geteuid() == 0)) func `another user's`() {
    let place = "/tmp/p2pfs-test-foreign-\(UUID().uuidString)"
    mkdir(place, 0o755)
    defer { rmdir(place) }
    story.data = place
    chown(place, 65534, 65534)
    expectRefusal("\(place) belongs to another user: give a directory of your own with --data")
  }

  @Test(.enabled(if: geteuid() == 0)) func `one that cannot be made`() throws {
    chmod(story.scratch.path, 0o755)
    let program = story.scratch.path + "/tracker"
    // By a process of its own: a file that we write may be open in a child of another test, and is then "busy".
    #expect(Child("/bin/cp", [Programs.tracker, program]).finish().exit == 0)
    let outcome = Child(
      "/usr/bin/setpriv",
      ["--reuid=65534", "--regid=65534", "--clear-groups", program, "--data", story.data, story.info, "1"]
    ).finish(within: 15)
    #expect(outcome.exit == 74 && outcome.errors.contains("Permission denied: check the path"), "\(outcome)")
  }

  @Test(.enabled(if: geteuid() == 0)) func `one on a disk that is read only`() {
    story.scratch.make("data")
    let script = "mount -t tmpfs -o ro none '\(story.data)' && exec \"$@\""
    expectRefusal(
      "Read-only file system", "--data", through: ["/usr/bin/unshare", "-m", "sh", "-c", script, "sh"])
    story.data += "/below"
    let below = "mount -t tmpfs -o ro none '\(story.scratch.path)/data' && exec \"$@\""
    expectRefusal(
      "Read-only file system", "--data", through: ["/usr/bin/unshare", "-m", "sh", "-c", below, "sh"])
  }

  @Test func `a ledger without its authority is no first start`() throws {
    somethingIsThere()
    try FileManager.default.removeItem(atPath: story.data + "/authority.pem")
    expectRefusal("authority.pem is missing: put it back from a backup")
  }

  @Test func `an authority without its ledger is no first start`() throws {
    somethingIsThere()
    let ledger = URL(filePath: story.data + "/ledger.sqlite")
    try FileManager.default.removeItem(at: ledger)
    let remedy = "put it back from a backup, or remove the directory to begin a new network"
    expectRefusal("ledger.sqlite is missing: \(remedy)")
    try Data().write(to: ledger)
    expectRefusal("ledger.sqlite is empty: \(remedy)")
    #expect(try Data(contentsOf: ledger).isEmpty)
  }

  @Test func `a ledger that cannot be opened is told in words`() throws {
    somethingIsThere()
    try FileManager.default.removeItem(atPath: story.data + "/ledger.sqlite")
    story.scratch.make("data/ledger.sqlite")
    expectRefusal(
      "cannot open \(story.data)/ledger.sqlite: unable to open database file: Is a directory: check the disk")
  }

  @Test func `a damaged authority`() throws {
    somethingIsThere()
    try damage("authority.pem", with: "????", at: 60)
    expectRefusal("authority.pem is damaged", "put it back from a backup")
    try FileManager.default.removeItem(atPath: story.data + "/authority.pem")
    try Data().write(to: URL(filePath: story.data + "/authority.pem"))
    expectRefusal("authority.pem is damaged", "put it back from a backup")
  }

  /// From its first byte, which says what it is, or from the second page, where its tables begin.
  @Test(arguments: [0, 4096]) func `a damaged ledger`(offset: UInt64) throws {
    somethingIsThere()
    // What lies in the write-ahead log is read there; so that the file itself is read, it goes there first.
    sqlite("PRAGMA wal_checkpoint(TRUNCATE)")
    try damage("ledger.sqlite", with: String(repeating: "damage ", count: 8000), at: offset)
    expectRefusal("ledger.sqlite is damaged", "put it back from a backup")
  }

  @Test func `a ledger that a newer tracker wrote`() throws {
    somethingIsThere()
    sqlite("PRAGMA user_version = 99")
    expectRefusal("was written by a newer tracker (schema 99): run that one")
  }

  @Test func `a list that names another authority is bad configuration`() {
    somethingIsThere()
    let wrong = "sha256:" + String(repeating: "0", count: 64)
    let info = story.scratch.write("pinned.txt", "127.0.0.1:\(story.ports[0]) \(wrong)\n")
    let outcome = Child(Programs.tracker, ["--data", story.data, info, "1"]).finish(within: 15)
    #expect(outcome.exit == 78 && outcome.errors.contains(story.authority), "\(outcome)")
  }
}
