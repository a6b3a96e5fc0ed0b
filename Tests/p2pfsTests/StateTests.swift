// The state directory: nobody else's, never half written, never through a symbolic link.

import Glibc
import GroupModel
import Testing

@testable import p2pfs

private let login = SavedLogin(
  user: UserName("alice")!, trackerText: Array("127.0.0.1:9002 # here\n".utf8), keyPEM: Array("KEY\n".utf8),
  certificatePEM: [0, 255, 10, 10], authorityPEM: Array("CA".utf8),
  authority: [UInt8](repeating: 7, count: 32))

@Test func `the state directory is made with its parents, closed to others`() throws {
  let scratch = Scratch()
  _ = try StateDirectory(making: scratch.path("a/b/state/"))
  #expect(mode(of: scratch.path("a/b/state")) == 0o700)
  #expect(mode(of: scratch.path("a")) == 0o700)
}

@Test func `a state directory that others may enter is closed to them`() throws {
  let scratch = Scratch()
  mkdir(scratch.path("state"), 0o755)
  chmod(scratch.path("state"), 0o777)
  _ = try StateDirectory(making: scratch.path("state"))
  #expect(mode(of: scratch.path("state")) == 0o700)
}

@Test(.enabled(if: geteuid() == 0, "only root can give a directory away"))
func `somebody else's state directory is refused`() throws {
  let scratch = Scratch()
  mkdir(scratch.path("state"), 0o700)
  chown(scratch.path("state"), 65534, 65534)
  #expect(throws: Failure.foreignState(path: scratch.path("state"), owner: 65534)) {
    try StateDirectory(making: scratch.path("state"))
  }
}

@Test(arguments: ["file", "file/state", "file/deep/state"])
func `a file in the path is told as such`(path: String) {
  let scratch = Scratch()
  _ = scratch.file("file", "")
  let failure = #expect(throws: Failure.self) { try StateDirectory(making: scratch.path(path)) }
  #expect(failure?.exitCode == 74)
  #expect(failure?.sentence(for: nil).contains("Not a directory") == true)
}

@Test func `a missing state directory is not made by looking`() throws {
  let scratch = Scratch()
  #expect(try StateDirectory(existing: scratch.path("state")) == nil)
  #expect(scratch.names(in: scratch.path).isEmpty)
}

@Test func `a file is its owner's alone, whatever the umask`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  try directory.write("secret", [1, 2, 3], holding: StateLock(on: directory))
  #expect(mode(of: scratch.path("state/secret")) == 0o600)
  #expect(mode(of: scratch.path("state/lock")) & 0o077 == 0)
  #expect(try directory.read("secret", bytesMax: 3) == [1, 2, 3])
  #expect(scratch.names(in: scratch.path("state")) == ["lock", "secret"])
}

@Test func `what a crash left behind is in nobody's way`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  _ = scratch.file("state/.login.new", "half of it", mode: 0o644)
  try login.save(in: directory, holding: StateLock(on: directory))
  #expect(try SavedLogin.load(from: directory) == login)
  #expect(scratch.names(in: scratch.path("state")) == ["lock", "login"])
}

@Test func `a symbolic link is neither read nor written through`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  let target = scratch.file("target", "untouched")
  symlink(target, scratch.path("state/login"))
  symlink(target, scratch.path("state/.login.new"))
  let failure = #expect(throws: Failure.self) { try SavedLogin.load(from: directory) }
  #expect(failure?.exitCode == 74)
  #expect(failure?.sentence(for: nil).contains("symbolic link") == true)
  try login.save(in: directory, holding: StateLock(on: directory))
  #expect(try SmallFile.bytes(at: target, max: 100) == Array("untouched".utf8))
  #expect(try SavedLogin.load(from: directory) == login)
}

@Test func `a lock that is a symbolic link is refused`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  symlink(scratch.path("elsewhere"), scratch.path("state/lock"))
  #expect(throws: Failure.self) { _ = try StateLock(on: directory) }
  #expect(scratch.names(in: scratch.path) == ["state"])
}

@Test func `a file that grew too large is not read into memory`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  _ = scratch.file("state/login", "")
  truncate(scratch.path("state/login"), 1 << 40)
  #expect(throws: Failure.disk(EFBIG, "reading '\(scratch.path("state/login"))'")) {
    try SavedLogin.load(from: directory)
  }
}

@Test func `what is no plain file does not hold us`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  mkfifo(scratch.path("state/login"), 0o600)
  #expect(throws: Failure.self) { try SavedLogin.load(from: directory) }
}

@Test func `a login is saved, replaced and erased whole`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  #expect(try SavedLogin.load(from: directory) == nil)
  try login.save(in: directory, holding: StateLock(on: directory))
  #expect(try SavedLogin.load(from: directory) == login)
  var renewed = login
  renewed.certificatePEM = Array("renewed".utf8)
  try renewed.save(in: directory, holding: StateLock(on: directory))
  #expect(try SavedLogin.load(from: directory) == renewed)
  try SavedLogin.erase(in: directory, holding: StateLock(on: directory))
  #expect(try SavedLogin.load(from: directory) == nil)
  try SavedLogin.erase(in: directory, holding: StateLock(on: directory))
}

@Test func `a reader sees the old login or the new one, never a mixture`() async throws {
  let scratch = Scratch()
  let path = scratch.path("state")
  var other = login
  other.user = UserName("bob")!
  other.keyPEM = [UInt8](repeating: 66, count: 3000)
  let logins = [login, other]
  try login.save(in: StateDirectory(making: path), holding: StateLock(on: StateDirectory(making: path)))
  try await withThrowingTaskGroup(of: Void.self) { group in
    for writer in 0..<2 {
      group.addTask {
        let directory = try StateDirectory(making: path)
        for _ in 0..<50 { try logins[writer].save(in: directory, holding: StateLock(on: directory)) }
      }
    }
    group.addTask {
      let directory = try StateDirectory(making: path)
      for _ in 0..<500 { #expect(logins.contains(try SavedLogin.load(from: directory)!)) }
    }
    try await group.waitForAll()
  }
}

@Test func `a login that is damaged anywhere is told as damaged`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  try login.save(in: directory, holding: StateLock(on: directory))
  let whole = try directory.read("login", bytesMax: 10_000)!
  for length in 0..<whole.count {
    try directory.write("login", Array(whole[..<length]), holding: StateLock(on: directory))
    expectDamaged { try SavedLogin.load(from: directory) }
  }
  try directory.write("login", whole + [10], holding: StateLock(on: directory))
  expectDamaged { try SavedLogin.load(from: directory) }
}

@Test(arguments: [
  "p2pfs login 2\nuser alice\n", "p2pfs login 1\nuser al ice\n",
  "p2pfs login 1\nuser alice\nauthority sha256:00\n",
  "p2pfs login 1\nuser alice\nauthority sha256:\(String(repeating: "00", count: 32))\npart tracker_info.txt 9999999999999999999\n",
  "p2pfs login 1\nuser alice\nauthority sha256:\(String(repeating: "00", count: 32))\npart tracker_info.txt -1\n",
])
func `a login that says nonsense is told as damaged`(text: String) throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  _ = scratch.file("state/login", text)
  expectDamaged { try SavedLogin.load(from: directory) }
}

private func expectDamaged(_ body: () throws -> SavedLogin?) {
  let failure = #expect(throws: Failure.self) { try body() }
  #expect(failure?.exitCode == 74)
  #expect(failure?.sentence(for: nil).hasSuffix("is damaged: log in again with 'p2pfs login USER'") == true)
}

@Test func `who holds the lock makes others wait`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  let other = open(scratch.path("state/lock"), O_RDWR | O_CREAT, 0o600)
  defer { close(other) }
  try holdAndTry(directory, other)
  #expect(flock(other, LOCK_EX | LOCK_NB) == 0)
}

private func holdAndTry(_ directory: StateDirectory, _ other: Int32) throws {
  let lock = try StateLock(on: directory)
  #expect(flock(other, LOCK_EX | LOCK_NB) != 0)
  try directory.write("x", [], holding: lock)
}

private func trackers(_ text: String) throws -> TrackerInfo { try TrackerInfo(parsing: text.utf8) }

@Test func `a network is known by any of its trackers`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  var known = try KnownNetworks.load(from: directory)
  known.remember(login.authority, of: try trackers("a:1\nb:2"))
  try known.save(in: directory, holding: StateLock(on: directory))
  let loaded = try KnownNetworks.load(from: directory)
  #expect(loaded == known)
  #expect(try loaded.authority(of: trackers("b:2\nc:3")) == login.authority)
  #expect(try loaded.authority(of: trackers("a:2\nc:3")) == nil)
}

@Test func `trackers of two networks do not go together`() throws {
  var known = KnownNetworks()
  known.remember([UInt8](repeating: 1, count: 32), of: try trackers("a:1"))
  known.remember([UInt8](repeating: 2, count: 32), of: try trackers("b:1"))
  #expect(try known.authority(of: trackers("a:1")) == [UInt8](repeating: 1, count: 32))
  let failure = #expect(throws: Failure.self) { try known.authority(of: trackers("a:1\nb:1")) }
  #expect(failure?.exitCode == 78)
}

@Test func `old networks are forgotten before there are too many`() throws {
  var known = KnownNetworks()
  for number in 1...1500 {
    known.remember([UInt8](repeating: 1, count: 32), of: try trackers("host\(number):1"))
  }
  #expect(known.places.count == KnownNetworks.placesMax)
  #expect(try known.authority(of: trackers("host1:1")) == nil)
  #expect(try known.authority(of: trackers("host1500:1")) != nil)
}

@Test func `known networks that are damaged are told as damaged`() throws {
  let scratch = Scratch()
  let directory = try StateDirectory(making: scratch.path("state"))
  _ = scratch.file("state/known_networks", "p2pfs known networks 1\nplaces 1\na:1 sha256:00\nend\n")
  let failure = #expect(throws: Failure.self) { try KnownNetworks.load(from: directory) }
  #expect(failure?.exitCode == 74)
}
