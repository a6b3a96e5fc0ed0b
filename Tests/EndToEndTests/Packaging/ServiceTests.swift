// Both programs as services: what they tell systemd and the journal, and a real systemd that runs them.

import Foundation
import Testing

@Suite(.serialized) struct ServiceTests {
  private static let canMount = geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0

  @Test(arguments: ["path", "abstract"])
  func `a tracker says when it serves, when it stands by, and when it stops`(kind: String) {
    let story = Story(trackers: 2)
    let place = story.scratch.path + "/notify"
    let service = NotifySocket(at: kind == "path" ? place : "@" + place)
    let environment = ["NOTIFY_SOCKET": service.place]
    let first = story.startTracker(1, environment: environment)
    #expect(service.hears() == ["READY=1", "STATUS=serving on 127.0.0.1:\(story.ports[0])"])
    let second = story.startTracker(2, environment: environment)
    #expect(service.hears() == ["READY=1", "STATUS=standing by on 127.0.0.1:\(story.ports[1])"])
    first.signal(SIGTERM)
    #expect(service.hears() == ["STOPPING=1", "STATUS=stopping"])
    #expect(service.hears() == ["READY=1", "STATUS=serving on 127.0.0.1:\(story.ports[1])"])
    second.signal(SIGTERM)
    #expect(service.hears() == ["STOPPING=1", "STATUS=stopping"])
    #expect(first.wait() == 0 && second.wait() == 0)
  }

  @Test func `a daemon without a mount says when it can be used, and as whom it shares`() {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    let service = NotifySocket(at: story.scratch.path + "/notify")
    for (person, status) in [(alice, "serving as alice"), (story.person("bob"), "nobody is logged in")] {
      person.environment["NOTIFY_SOCKET"] = service.place
      let daemon = person.start(["serve", "--listen", "127.0.0.1:0"])
      #expect(service.hears() == ["READY=1", "STATUS=\(status)"])
      #expect(person.run(["status"]).output.contains("daemon"))
      daemon.signal(SIGTERM)
      #expect(service.hears() == ["STOPPING=1", "STATUS=stopping"])
      #expect(daemon.wait() == 0)
    }
  }

  @Test(.enabled(if: canMount)) func `a mount in the foreground says when the directory can be used`() {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    let service = NotifySocket(at: "@" + story.scratch.path)
    alice.environment["NOTIFY_SOCKET"] = service.place
    let mount = MountedDirectory(of: alice)
    let daemon = alice.start(["mount", "-f", mount.path, "--listen", "127.0.0.1:0"])
    #expect(service.hears() == ["READY=1", "STATUS=mounted \(mount.path) as alice"])
    mount.does("mkdir team && ls -d team")
    daemon.signal(SIGTERM)
    #expect(service.hears() == ["STOPPING=1", "STATUS=stopping"])
    #expect(daemon.wait() == 0)
  }

  /// In whose `script` the program is `"$@"`, with stderr as the journal, or what once was it.
  private static let intoJournal =
    #"JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) && export JOURNAL_STREAM && exec "$@""#
  private static let elsewhere = #"JOURNAL_STREAM=1:1 exec env JOURNAL_STREAM=1:1 "$@""#

  @Test func `the tracker's lines for the journal have their importance and no time`() {
    let story = Story()
    for (script, form) in [
      (Self.intoJournal, #/<7>127\.0\.0\.1:\d+.*/#), (Self.elsewhere, #/20[-\dT:]+Z debug 127\.0\.0\.1:.*/#),
    ] {
      let tracker = Child(
        "/bin/sh",
        ["-c", script, "sh", Programs.tracker, "--data", story.data, "--log", "debug", story.info, "1"])
      #expect(tracker.waitFor(" ready on "))
      story.person("alice").succeeds("status")
      #expect(tracker.waitFor("127.0.0.1:", on: 2))
      #expect(tracker.lines(2).contains { $0.wholeMatch(of: form) != nil }, "\(tracker.text(2))")
      tracker.signal(SIGTERM)
      tracker.wait()
    }
    let fails = Child("/bin/sh", ["-c", Self.intoJournal, "sh", Programs.tracker, "/nowhere", "1"]).finish()
    #expect(fails.errors.hasPrefix("<3>tracker: cannot read /nowhere"))
  }

  @Test func `a member's lines for the journal have their importance, and the program's name just elsewhere`()
  {
    let story = Story()
    let bob = story.person("bob")
    let nobody = "nobody is logged in here: sharing begins with p2pfs login USER"
    for (script, line) in [(Self.intoJournal, "<5>\(nobody)"), (Self.elsewhere, "p2pfs: \(nobody)")] {
      let daemon = bob.start(["serve", "--listen", "127.0.0.1:0"], through: script)
      #expect(daemon.lines(2).contains(line), "\(daemon.text(2))")
      #expect(daemon.waitFor("serving", on: 2))
      daemon.signal(SIGTERM)
      daemon.wait()
    }
    #expect(bob.run(["list_groups"], through: Self.intoJournal).errors.hasPrefix("<3>p2pfs: "))
  }

  @Test(.enabled(if: Machine.canBeReplicated && Machine.hasSystemd))
  func `systemd runs a tracker that may do nothing else, and a member's mount`() {
    let scratch = Scratch()
    let port = Ports.free()
    let replica = Replica(in: scratch, booted: true)
    replica.installs(BuiltPackage.path)
    replica.does("echo 127.0.0.1:\(port) > /etc/p2pfs/tracker_info.txt")
    unitsAreSound(replica)
    replica.does("systemctl start p2pfs-tracker")
    func show(_ property: String, of unit: String = "p2pfs-tracker", _ words: String = "") -> String {
      replica.does("systemctl \(words) show -P \(property) \(unit)").trimmingCharacters(in: .newlines)
    }
    #expect(show("StatusText") == "serving on 127.0.0.1:\(port)")
    let process = replica.does("cat /proc/\(show("MainPID"))/status")
    #expect(process.contains("NoNewPrivs:\t1") && process.contains("Seccomp:\t2"))
    #expect(process.contains("CapBnd:\t0000000000000000") && !process.contains("Uid:\t0\t"))
    replica.does(
      """
      export P2PFS_PASSWORD=secret P2PFS_TRACKER=/etc/p2pfs/tracker_info.txt
      p2pfs create_user alice && p2pfs login alice && p2pfs create_group team
      """)
    mountsAsUser(replica)
    // It comes back when it was killed, and what was acknowledged with it.
    replica.does(
      "systemctl kill -s KILL p2pfs-tracker; until p2pfs list_groups; do sleep 0.1; done 2>/dev/null")
    #expect(show("NRestarts") == "1")
    replica.does("systemctl stop p2pfs-tracker")
    #expect(show("Result") == "success" && show("ActiveState") == "inactive")
    let log = replica.does("journalctl -q -u p2pfs-tracker -o cat --no-pager -p info")
    #expect(log.contains("tracker 1 ready on") && log.contains("\nstopping\n"), "\(log)")
    // A list that is wrong is told once.
    replica.does("echo nonsense > /etc/p2pfs/tracker_info.txt; ! systemctl start p2pfs-tracker 2>/dev/null")
    #expect(show("ExecMainStatus") == "78" && show("ActiveState") == "failed")
    #expect(replica.does("journalctl -q -u p2pfs-tracker -o cat --no-pager -p err").contains("line 1"))
    // Nothing begins by it any more, and its own directory has gone.
    replica.does("systemctl enable p2pfs-tracker 2>/dev/null; rm /etc/p2pfs/*")
    replica.purges()
    #expect(replica.does("find /etc /var/lib -name 'p2pfs*' ! -path '*/dpkg/*'") == "")
  }

  private func unitsAreSound(_ replica: Replica) {
    #expect(replica.does("systemd-analyze verify --man=yes p2pfs-tracker.service 2>&1") == "")
    #expect(
      replica.does("systemd-analyze security --no-pager --threshold=15 p2pfs-tracker.service").contains("OK"))
    if Machine.has("/lib/systemd/system/plocate-updatedb.service") {
      let command = replica.does("systemctl show -P ExecStart plocate-updatedb")
      #expect(command.contains("argv[]=/usr/sbin/updatedb.plocate --add-prunefs fuse.p2pfs ;"), "\(command)")
    }
  }

  /// As the service of a user, who is root here.
  private func mountsAsUser(_ replica: Replica) {
    guard replica.tries("systemctl start user@0").exit == 0 else { return }
    let output = replica.does(
      """
      export XDG_RUNTIME_DIR=/run/user/0
      systemd-analyze verify --user --man=no p2pfs.service
      systemctl --user start p2pfs && systemctl --user show -P StatusText p2pfs
      echo hello > ~/swarm/team/f && systemctl --user stop p2pfs
      systemctl --user show -P Result p2pfs && ls ~/swarm && p2pfs list_files team
      """)
    #expect(output == "mounted /root/swarm as alice\nsuccess\n6 alice 0 f\n")
  }
}
