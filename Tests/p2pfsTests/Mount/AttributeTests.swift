// Attributes as `stat` shows them, and what a program may change of them.

import CFuse
import Glibc
import Testing
import Volume

@testable import p2pfs

@Suite struct AttributeTests {
  private let owner = MountOwner(user: 1000, group: 100)

  private func attributes(_ kind: Attributes.Kind, permissions: UInt16 = 0o644) -> Attributes {
    Attributes(
      kind: kind, inode: 42, size: 1000, heldBytes: 513, modified: 1_500_000_000_123_456_789,
      permissions: permissions)
  }

  @Test func `a file is its member's, with what is held here as its blocks`() {
    let bytes = attributes(.file).stat(of: owner)
    #expect((bytes.st_uid, bytes.st_gid, bytes.st_ino) == (1000, 100, 42))
    #expect(bytes.st_mode == S_IFREG | 0o644)
    #expect((bytes.st_size, bytes.st_blocks) == (1000, 2))
    #expect((bytes.st_mtim.tv_sec, bytes.st_mtim.tv_nsec) == (1_500_000_000, 123_456_789))
  }

  @Test func `a kind is a mode, and a control file is a regular one`() {
    let kinds: [(Attributes.Kind, mode_t)] = [
      (.directory, S_IFDIR), (.symlink, S_IFLNK), (.file, S_IFREG), (.control, S_IFREG),
    ]
    for (kind, mode) in kinds { #expect(attributes(kind).stat(of: owner).st_mode & S_IFMT == mode) }
  }

  @Test func `the length of a control file is believed for no time, all else until it is told`() {
    #expect(attributes(.control).lifetimeSeconds == 0)
    #expect(attributes(.file).lifetimeSeconds > 3600)
    var ending = attributes(.file)
    ending.areEnding = true
    #expect(ending.lifetimeSeconds == 0)
  }

  @Test(arguments: [
    (0, 0, 0), (1, 0, 1), (-1, -1, 999_999_999), (-1_000_000_000, -1, 0),
    (Int64.min, -9_223_372_037, 145_224_192),
  ])
  func `times before 1970 are times too`(nanoseconds: Int64, seconds: Int, rest: Int) {
    let time = timespec(nanosecondsSince1970: nanoseconds)
    #expect((time.tv_sec, time.tv_nsec) == (seconds, rest))
    #expect(time.nanosecondsSince1970 == nanoseconds || nanoseconds == .min)
  }

  @Test func `a time beyond all clocks becomes the last one`() {
    #expect(timespec(tv_sec: .max, tv_nsec: 0).nanosecondsSince1970 == .max)
    #expect(timespec(tv_sec: .min, tv_nsec: 0).nanosecondsSince1970 == .min)
  }

  @Test(
    arguments: [
      (.file, 0o644, 0o755, true), (.file, 0o755, 0o600, false), (.file, 0o644, 0o600, nil),
      (.file, 0o444, 0o644, nil), (.directory, 0o755, 0o644, nil), (.symlink, 0o777, 0o644, nil),
      (.control, 0o644, 0o755, nil),
    ] as [(Attributes.Kind, UInt16, mode_t, Bool?)])
  func `of a mode only a file's executable bit is a change`(
    kind: Attributes.Kind, now: UInt16, mode: mode_t, isExecutable: Bool?
  ) {
    let change = AttributeWish(mode: mode).change(of: attributes(kind, permissions: now))
    #expect(change == AttributeChange(isExecutable: isExecutable))
  }

  @Test func `nothing of a control file changes, and nobody is told so`() {
    let change = AttributeWish(size: 0, modified: 5).change(of: attributes(.control))
    #expect(change == AttributeChange())
  }

  @Test func `what the kernel sets is what is wished`() {
    var bytes = stat()
    bytes.st_size = 7
    bytes.st_mtim = timespec(tv_sec: 3, tv_nsec: 4)
    let sizeAndTime = AttributeWish(bytes, FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_MTIME)
    #expect(sizeAndTime == AttributeWish(size: 7, modified: 3_000_000_004))
    #expect(AttributeWish(bytes, FUSE_SET_ATTR_ATIME) == AttributeWish())
    let now = AttributeWish(bytes, FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW)
    #expect(now.modified.map { $0 > 1_600_000_000_000_000_000 } == true)
  }
}
