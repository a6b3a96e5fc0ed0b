// What this machine lets p2pfs do: FUSE, files, the kernel.

import CLinux
import Glibc

struct MachineFacts: Hashable, Sendable {
  var isRoot = false
  /// Of opening /dev/fuse; 0 where it could be.
  var fuseErrno: Int32 = 0
  /// Where fusermount3 is, and whether it has root's rights; nil for nowhere.
  var fusermount: Fusermount?
  var othersMayBeAllowed = false
  var kernel = ""
  var mayAdminister = false
  var passthroughIsOff = false
  var openFilesMax: UInt64 = .max

  struct Fusermount: Hashable, Sendable {
    let path: String
    let isSetuid: Bool
  }
}

enum MachineChecks {
  /// A shared file that lies in its own place is open.
  private static let openFilesNeeded: UInt64 = 4_096

  static func findings(_ facts: MachineFacts) -> [Finding] {
    [fuse(facts), fusermount(facts), allowOther(facts), passthrough(facts), openFiles(facts)]
  }

  private static func fuse(_ facts: MachineFacts) -> Finding {
    switch facts.fuseErrno {
    case 0: .ok("FUSE", "/dev/fuse can be opened")
    case ENOENT, ENODEV, ENXIO:
      .problem(
        "FUSE", "there is no /dev/fuse",
        "load it with 'modprobe fuse' (a container has to be given it), or share with 'p2pfs serve'")
    case EACCES, EPERM:
      .problem(
        "FUSE", "/dev/fuse may not be opened by you",
        "as root: chmod 666 /dev/fuse (a container has to be allowed it); or share with 'p2pfs serve'")
    default:
      .problem(
        "FUSE", "/dev/fuse cannot be opened, \(String(cString: strerror(facts.fuseErrno)))",
        "look at 'dmesg', or share with 'p2pfs serve'")
    }
  }

  private static func fusermount(_ facts: MachineFacts) -> Finding {
    if facts.isRoot { return .ok("fusermount3", "not needed: root mounts without it") }
    guard let found = facts.fusermount else {
      return .problem("fusermount3", "it is not there, and only root can mount without it", "install fuse3")
    }
    guard found.isSetuid else {
      return .problem(
        "fusermount3", "\(found.path) has not root's rights, so it cannot mount for you",
        "as root: chown root \(found.path); chmod u+s \(found.path)")
    }
    return .ok("fusermount3", "\(found.path) mounts for you")
  }

  private static func allowOther(_ facts: MachineFacts) -> Finding {
    if facts.isRoot || facts.othersMayBeAllowed {
      return .ok("allow_other", "other users may be let into a mount, with -o allow_other")
    }
    return .info(
      "allow_other", "only you can enter your mounts",
      "for -o allow_other, /etc/fuse.conf needs the line 'user_allow_other'")
  }

  private static func passthrough(_ facts: MachineFacts) -> Finding {
    let fits = KernelVersion(facts.kernel).map { $0 >= KernelVersion(major: 6, minor: 9) } ?? false
    if facts.passthroughIsOff {
      return .info("passthrough", "switched off by P2PFS_PASSTHROUGH=0: whole files are read through p2pfs")
    }
    if fits, facts.mayAdminister {
      return .ok("passthrough", "the kernel reads whole files by itself (Linux \(facts.kernel))")
    }
    let why = fits ? "needs CAP_SYS_ADMIN" : "needs Linux 6.9 or newer, and this is \(facts.kernel)"
    return .info(
      "passthrough", "whole files are read through p2pfs: that the kernel reads them itself \(why)")
  }

  private static func openFiles(_ facts: MachineFacts) -> Finding {
    guard facts.openFilesMax < openFilesNeeded else {
      return .ok("open files", "as many as are needed")
    }
    return .warning(
      "open files", "\(facts.openFilesMax) at most, and each file that is shared in place is one",
      "raise the hard limit, in /etc/security/limits.conf or with LimitNOFILE= of systemd")
  }
}

struct KernelVersion: Comparable, Sendable {
  let major: Int
  let minor: Int

  init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// `6.1.0-18-amd64`.
  init?(_ release: String) {
    let numbers = release.split { $0 == "." || $0 == "-" }.prefix(2).compactMap { Int($0) }
    guard numbers.count == 2 else { return nil }
    self.init(major: numbers[0], minor: numbers[1])
  }

  static func < (one: Self, other: Self) -> Bool { (one.major, one.minor) < (other.major, other.minor) }
}

// The facts, as they are here.
extension MachineFacts {
  static var here: MachineFacts {
    var facts = MachineFacts()
    facts.isRoot = geteuid() == 0
    facts.fuseErrno = fuse()
    facts.fusermount = fusermount()
    facts.othersMayBeAllowed = MountPlace.othersMayBeAllowed
    facts.kernel = release()
    facts.mayAdminister = holdsAdministration()
    facts.passthroughIsOff = Environment.ofProcess["P2PFS_PASSTHROUGH"] == "0"
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    facts.openFilesMax = UInt64(limit.rlim_max)
    return facts
  }

  private static func fuse() -> Int32 {
    let device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
    guard device >= 0 else { return errno }
    close(device)
    return 0
  }

  private static func fusermount() -> Fusermount? {
    let folders =
      (Environment.ofProcess["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/bin", "/bin"]
    for folder in folders {
      var status = stat()
      let path = "\(folder)/fusermount3"
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      return Fusermount(path: path, isSetuid: status.st_uid == 0 && status.st_mode & S_ISUID != 0)
    }
    return nil
  }

  private static func release() -> String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown" }
    return withUnsafeBytes(of: &name.release) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// CAP_SYS_ADMIN, bit 21 of what the kernel says is effective.
  private static func holdsAdministration() -> Bool {
    let bytes = (try? SmallFile.bytes(at: "/proc/self/status", max: 1 << 16)) ?? []
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    guard let digits = line?.split(separator: "\t").last, let mask = UInt64(digits, radix: 16) else {
      return false
    }
    return mask & 1 << 21 != 0
  }
}
