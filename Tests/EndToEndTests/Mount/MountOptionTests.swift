// What stands behind -o, as far as the kernel tells of it, and the helper that mount(8) calls.

import Foundation
import Testing

private let canMount = geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0

@Suite(.serialized, .enabled(if: canMount)) struct MountOptionTests {
  private func member() -> Person {
    let story = Story()
    story.startTracker()
    return story.member("alice")
  }

  private static let sysfs = "/sys/class/bdi/0:$(stat -c %d .)/read_ahead_kb"
  private static let connection = "/sys/fs/fuse/connections/$(stat -c %d .)"

  @Test func `what libfuse agrees with the kernel is as it was asked for`() {
    let alice = member()
    let mount = alice.mountsApart(
      "-o", "max_read=65536,max_write=8192,max_readahead=65536,max_background=20,congestion_threshold=7")
    #expect(mount.does("grep -c \" $PWD fuse.p2pfs .*max_read=65536\" /proc/mounts") == "1\n")
    #expect(mount.does("cat \(Self.sysfs)") == "64\n")
    mount.does("mkdir team && head -c 1000000 /dev/urandom > team/f && cmp team/f team/f")
    if access("/sys/fs/fuse/connections/.", R_OK) == 0, mount.shell("test -d \(Self.connection)").exit == 0 {
      #expect(
        mount.does("cat \(Self.connection)/max_background \(Self.connection)/congestion_threshold")
          == "20\n7\n")
    }
    alice.succeeds("unmount", mount.path)

    mount.comesUp(["-o", "strictatime,nodiratime,lazytime,splice_read,clone_fd,max_threads=4,sync_read"])
    #expect(mount.does("grep -c \" $PWD fuse.p2pfs .*max_read=1048576\" /proc/mounts") == "1\n")
    alice.succeeds("unmount", mount.path)

    for option in ["max_read=0", "bogus", "uid=0", "nosymfollow"] {
      let sentence = alice.fails(64, "mount", mount.path, "-o", option)
      #expect(sentence.contains("'\(option)'"))
    }
  }

  @Test func `the helper takes what mount(8) passes, and does nothing where it is to pretend`() {
    let alice = member()
    let place = alice.story.scratch.make("m")
    alice.story.mountPoints.insert(place)
    let helper = "PATH=${1%/*}:$PATH exec sh \(Programs.root)Packaging/mount.p2pfs \(alice.state) \(place)"
    #expect(alice.run([], through: helper + " -f -o bogus").exit == 0 && !KernelText.isMounted(place))
    #expect(alice.run([], through: helper + " -o rw -f").exit == 0 && !KernelText.isMounted(place))
    expectFailure(alice.run([], through: helper + " -o rw,bogus"), 64, "bogus")
    let outcome = alice.run(
      [], through: helper + " -s -n -v -N /proc/self/ns/mnt -t p2pfs -o rw,nodiratime,_netdev -o noexec")
    #expect(outcome.exit == 0 && KernelText.isMounted(place), "\(outcome)")
    alice.succeeds("unmount", place)
  }
}
