// This machine once more, to install things in: its files below a layer in memory that is gone with the test, in
// namespaces of its own. Only the network is the same. As root.

import Foundation
import Testing

/// What tests of packaging need of the system; where it lacks, they are left out.
enum Machine {
  static let canBeReplicated =
    geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0 && has("/usr/bin/unshare")
    && has("/usr/bin/dpkg-deb")
  static let hasSystemd = has("/lib/systemd/systemd") && has("/usr/bin/systemctl")

  static func has(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

/// ## Concurrency model
/// One test's.
final class Replica {
  private static let layer = "/media"

  private let holder: Child
  private let first: pid_t

  /// `directory` is the test's own, which is the same in it. With `booted`, systemd is its first process.
  init(in directory: Scratch, booted: Bool = false) {
    let script = """
      set -eu
      root=$1/root layer=$1/layer
      mkdir $root $layer
      mount -t tmpfs -o size=512m layer $layer
      mkdir $layer/changes $layer/work
      mount -t overlay -o lowerdir=/,upperdir=$layer/changes,workdir=$layer/work root $root
      cd $root
      for shared in $1 $2; do mkdir -p .$shared; mount --rbind $shared .$shared; done
      mount --bind $layer .\(Self.layer)
      mount --rbind /dev dev
      mount -t proc proc proc
      mount -t tmpfs run run
      mount -t sysfs -o ro sys sys
      mount -t cgroup2 groups sys/fs/cgroup
      # What would be slow, or would tidy up where the test's own directory is.
      rm -rf etc/systemd/system/*.wants
      for unit in tmpfiles-setup.service tmpfiles-clean.timer; do
        ln -sf /dev/null etc/systemd/system/systemd-$unit
      done
      pivot_root . mnt
      umount -l /mnt
      echo up
      exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin $3
      """
    let start = booted ? "/lib/systemd/systemd --unit=basic.target --log-target=null" : "sleep infinity"
    holder = Child(
      "/usr/bin/unshare",
      [
        "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child", "--propagation",
        "private",
      ]
        + ["sh", "-c", script, "sh", directory.path, Programs.root, start])
    #expect(holder.waitFor("up"), "\(holder.text(2))")
    let children = KernelText.of("/proc/\(holder.pid)/task/\(holder.pid)/children")
    first = children.split(separator: " ").first.flatMap { pid_t($0) } ?? 0
    if booted { does("until systemctl is-system-running --wait >/dev/null; do sleep 0.05; done") }
  }

  /// All that runs in it ends with its first process, and then the layer goes.
  deinit {
    if first > 0 { kill(first, SIGKILL) }
    holder.signal(SIGKILL)
    holder.wait()
  }

  func tries(_ script: String, within seconds: Double = 30) -> Outcome {
    precondition(first > 0, "the replica did not come up")
    return Child(
      "/usr/bin/nsenter",
      ["--target", "\(first)", "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--root", "--wdns=/"]
        + ["/bin/bash", "-c", script], environment: ["HOME": "/root"]
    ).finish(within: seconds)
  }

  /// By dpkg, with its scripts; without bringing up to date what other packages keep, such as the index of all manuals.
  func installs(_ package: String) { does("dpkg --no-triggers -i \(package)") }

  func purges() { does("dpkg --no-triggers -P p2pfs") }

  @discardableResult
  func does(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) -> String {
    let outcome = tries(script)
    #expect(outcome.exit == 0, "\(script): \(outcome)", sourceLocation: sourceLocation)
    return outcome.output
  }

  /// What is other than on this machine, but for what dpkg and man keep for themselves.
  var changes: Set<String> {
    let own = ["var/lib/dpkg/", "var/log/", "var/cache/", "etc/ld.so.cache", "tmp/", "run/", "root/"]
    let all = does("cd \(Self.layer)/changes && find . -mindepth 1 ! -type d -printf '%P\\n'")
    return Set(
      all.split(separator: "\n").map(String.init).filter { path in !own.contains { path.hasPrefix($0) } })
  }
}
