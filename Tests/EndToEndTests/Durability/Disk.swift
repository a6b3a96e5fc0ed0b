// A disk of a test's own, which can be full or lose its power: a file system in a file, or a piece of memory.

import Foundation
import Testing

/// What the test leaves mounted, the next run of any test unmounts.
final class Disk {
  enum Kind: CustomTestStringConvertible {
    case ext4, xfs
    case memory(mebibytes: Int)

    var testDescription: String { String(describing: self) }
  }

  static let isPossible = geteuid() == 0 && access("/dev/loop-control", F_OK) == 0

  /// Where it is mounted.
  let path: String
  private let kind: Kind
  private let place: String
  private var image: String { place + "/image" }

  init(_ kind: Kind) {
    Self.sweep
    self.kind = kind
    var template = Array("/tmp/p2pfs-disk.\(getpid()).XXXXXX".utf8CString)
    place = String(cString: mkdtemp(&template)!)
    path = place + "/disk"
    mkdir(path, 0o755)
    switch kind {
    // The smallest that mkfs.xfs makes. Both are sparse files, of which little is ever written.
    case .ext4: Self.run("/usr/bin/truncate", "-s", "128M", image)
    case .xfs: Self.run("/usr/bin/truncate", "-s", "300M", image)
    case .memory: break
    }
    switch kind {
    case .ext4: Self.run("/usr/sbin/mkfs.ext4", "-q", "-F", image)
    case .xfs: Self.run("/usr/sbin/mkfs.xfs", "-q", "-f", image)
    case .memory: break
    }
    mount()
  }

  private func mount() {
    switch kind {
    case .ext4, .xfs: Self.run("/bin/mount", "-o", "loop", image, path)
    case .memory(let mebibytes):
      Self.run("/bin/mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m", "tmpfs", path)
    }
  }

  deinit { Self.remove(place) }

  @discardableResult
  private static func run(_ words: String...) -> Bool {
    let outcome = Child(words[0], Array(words.dropFirst())).finish()
    if outcome.exit != 0 { Issue.record("\(words): \(outcome)") }
    return outcome.exit == 0
  }

  private static func remove(_ place: String) {
    // Lazily: whatever still has a file open there keeps nobody.
    umount2(place + "/disk", Int32(MNT_DETACH))
    try? FileManager.default.removeItem(atPath: place)
  }

  /// Disks of runs that were killed.
  private static let sweep: Void = {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? [] {
      let parts = name.split(separator: ".")
      guard parts.count == 3, parts[0] == "p2pfs-disk", let pid = pid_t(parts[1]) else { continue }
      if kill(pid, 0) != 0, errno == ESRCH { remove("/tmp/" + name) }
    }
  }()
}

// Power.
extension Disk {
  /// FS_IOC_SHUTDOWN, which ext4 and XFS have in common, without a last flush of the log: what the file system has
  /// not sent to its device by now never gets there, and everything fails from here on.
  ///
  /// An fdatasync that is under way at this moment may still say that all is well and lose its bytes (measured
  /// without SQLite: 1 of 60 times on ext4, 7 of 60 on XFS; never one that had returned before). Nobody would hear of
  /// it when the power is gone: so only what was acknowledged before this is called counts.
  func cutPower() {
    let shutdown = UInt(0x8004_587D)
    var withoutFlush: UInt32 = 2
    let descriptor = open(path, O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    #expect(ioctl(descriptor, shutdown, &withoutFlush) == 0, "\(String(cString: strerror(errno)))")
  }

  /// After whoever used it has ended.
  func restorePower() {
    Self.run("/bin/umount", path)
    mount()
  }

  func sync() { Self.run("/bin/sync", "-f", path) }
}

// Room.
extension Disk {
  private var balloon: String { path + "/balloon" }

  /// Takes all the room that is left but about so many bytes.
  func fill(leaving bytes: Int = 0) {
    let descriptor = open(balloon, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { close(descriptor) }
    var left = free - bytes
    let air = [UInt8](repeating: 0, count: 4096)
    while left > 0, write(descriptor, air, air.count) > 0 { left -= air.count }
  }

  func empty() { unlink(balloon) }

  private var free: Int {
    var status = statvfs()
    statvfs(path, &status)
    return Int(status.f_bavail) * Int(status.f_bsize)
  }
}
