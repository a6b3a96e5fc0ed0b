// What the doctor makes of facts that this machine may not have.

import Glibc
import GroupModel
import Testing

@testable import p2pfs

@Suite struct DoctorTests {
  private var healthy: MachineFacts {
    MachineFacts(
      isRoot: false, fuseErrno: 0, fusermount: .init(path: "/usr/bin/fusermount3", isSetuid: true),
      othersMayBeAllowed: true, kernel: "6.12.1-amd64", mayAdminister: true, openFilesMax: 1 << 20)
  }

  private func findings(_ change: (inout MachineFacts) -> Void) -> [Finding] {
    var facts = healthy
    change(&facts)
    return MachineChecks.findings(facts)
  }

  private func bad(_ findings: [Finding]) -> [String] {
    findings.filter { $0.grade != .ok }.map { "\($0.grade.rawValue) \($0.subject): \($0.text)" }
  }

  @Test func `a machine that has everything has no findings`() {
    #expect(bad(findings { _ in }) == [])
    #expect(bad(findings { ($0.isRoot, $0.fusermount, $0.othersMayBeAllowed) = (true, nil, false) }) == [])
  }

  @Test func `each thing that is missing is named with its remedy`() {
    let cases: [((inout MachineFacts) -> Void, String)] = [
      ({ $0.fuseErrno = ENOENT }, "problem FUSE: there is no /dev/fuse"),
      ({ $0.fuseErrno = EACCES }, "problem FUSE: /dev/fuse may not be opened by you"),
      ({ $0.fuseErrno = EIO }, "problem FUSE: /dev/fuse cannot be opened, Input/output error"),
      ({ $0.fusermount = nil }, "problem fusermount3: it is not there, and only root can mount without it"),
      (
        { $0.fusermount = .init(path: "/x", isSetuid: false) },
        "problem fusermount3: /x has not root's rights, so it cannot mount for you"
      ),
      ({ $0.othersMayBeAllowed = false }, "info allow_other: only you can enter your mounts"),
      (
        { $0.openFilesMax = 1024 },
        "warning open files: 1024 at most, and each file that is shared in place is one"
      ),
    ]
    for (change, expected) in cases {
      let found = findings(change)
      #expect(bad(found) == [expected])
      #expect(found.first { $0.grade != .ok }?.remedy != nil)
    }
  }

  @Test func `passthrough is told with what it lacks, and is no problem`() {
    #expect(
      bad(findings { $0.kernel = "6.1.0-18-amd64" }).first?.hasSuffix(
        "needs Linux 6.9 or newer, and this is 6.1.0-18-amd64") == true)
    #expect(bad(findings { $0.kernel = "odd" }).count == 1)
    #expect(bad(findings { $0.mayAdminister = false }).first?.hasSuffix("needs CAP_SYS_ADMIN") == true)
    #expect(
      bad(findings { $0.passthroughIsOff = true }).first?.hasPrefix("info passthrough: switched off") == true)
    #expect(KernelVersion("10.0.1")! > KernelVersion("6.18.44-fc")!)
  }

  private func status(_ mode: mode_t, owner: uid_t = 7) -> stat {
    var status = stat()
    status.st_mode = mode
    status.st_uid = owner
    return status
  }

  @Test func `the state directory is its user's alone`() {
    func judged(_ status: stat, isWritable: Bool = true) -> Finding.Grade {
      StateChecks.judge("'s'", status, isWritable: isWritable, user: 7).grade
    }
    #expect(judged(status(S_IFDIR | 0o700)) == .ok)
    #expect(judged(status(S_IFDIR | 0o750)) == .warning)
    #expect(judged(status(S_IFDIR | 0o500), isWritable: false) == .problem)
    #expect(judged(status(S_IFDIR | 0o700, owner: 8)) == .problem)
    #expect(judged(status(S_IFREG | 0o600)) == .problem)
    #expect(StateChecks.judgeKey("'k'", status(S_IFREG | 0o600)) == nil)
    #expect(StateChecks.judgeKey("'k'", status(S_IFREG | 0o640))?.grade == .problem)
  }

  @Test func `a login is good from its beginning to its end`() {
    let alice = UserName("alice")!
    let grades = [99, 100, 199, 200].map { StateChecks.judge(alice, from: 100, until: 200, now: $0).grade }
    #expect(grades == [.problem, .ok, .ok, .problem])
  }

  private func clock(_ theirs: Int64, _ before: Double, _ after: Double) -> Finding {
    TrackerChecks.clock(ClockReading(theirs: theirs, before: before, after: after))
  }

  @Test func `clocks are compared as closely as a whole second allows`() {
    #expect(clock(1000, 1000.2, 1000.3).text == "the same as the tracker's, to 1 s")
    #expect(clock(1000, 1000.9, 1001.4).grade == .ok)
    #expect(clock(1000, 1000.0, 1060.0).grade == .ok, "an answer that took a minute says nothing else")
    #expect(clock(1000, 1100.0, 1100.1).text == "this machine's is 99 s ahead of the tracker's")
    #expect(clock(1000, 1100.0, 1100.1).grade == .warning)
    #expect(clock(1000, 400.0, 400.5).text == "this machine's is 10 minutes behind the tracker's")
    #expect(clock(1000, 400.0, 400.5).grade == .problem)
    #expect(clock(1_000_000, 500_000, 500_000).text.contains("5 days behind"))
  }

  private func visit(_ outcome: TrackerVisit.Outcome) -> TrackerVisit {
    let info = try! TrackerInfo(parsing: "127.0.0.1:9002".utf8)
    return TrackerVisit(address: info.trackers[0], outcome: outcome, connectMicroseconds: 2_340)
  }

  private func diagnosis(_ outcomes: [TrackerVisit.Outcome]) -> Diagnosis {
    Diagnosis(findings: TrackerChecks.findings(outcomes.map(visit), notVisited: 0, login: nil))
  }

  @Test func `trackers that stand by are none that are missing, as long as one serves`() {
    #expect(diagnosis([.answers, .refused]).exitCode == 0)
    #expect(diagnosis([.answers, .refused]).count(.warning) == 0)
    #expect(diagnosis([.answers, .silent("x")]).count(.warning) == 1)
    #expect(diagnosis([.refused, .silent("x")]).exitCode == 69)
    #expect(diagnosis([.refused, .otherAuthority([1])]).exitCode == 78)
    #expect(diagnosis([.refusesLogin]).exitCode == 78)
    #expect(diagnosis([.answers]).findings[0].text == "127.0.0.1:9002 answers, connected in 2.3ms")
  }

  @Test func `addresses reach as far as they do`() throws {
    let cases: [(String, Reach)] = [
      ("127.0.0.1:1", .thisMachine), ("[::1]:1", .thisMachine), ("10.1.2.3:1", .ownNetwork),
      ("172.16.0.1:1", .ownNetwork), ("172.32.0.1:1", .everywhere), ("192.168.1.1:1", .ownNetwork),
      ("100.64.0.1:1", .ownNetwork), ("169.254.1.1:1", .ownNetwork), ("[fd00::1]:1", .ownNetwork),
      ("[fe80::1]:1", .ownNetwork), ("192.0.2.1:1", .everywhere), ("[2001:db8::1]:1", .everywhere),
    ]
    for (text, reach) in cases { #expect(Reach(try PeerAddress(text: text).ip) == reach, "\(text)") }
  }

  @Test func `a port that cannot be had is named with what to do`() throws {
    let address = try PeerAddress(text: "192.0.2.1:80")
    #expect(
      [EADDRNOTAVAIL, EADDRINUSE, EACCES, EIO].allSatisfy {
        NetworkChecks.judge(address, $0).grade == .problem
      })
    #expect(NetworkChecks.port(address).text == "192.0.2.1:80 is no address of this machine")
  }

  @Test func `room is judged by the disk and by what is wanted`() {
    func grade(free: UInt64, cached: UInt64 = 0, max: UInt64 = 20 << 30) -> Finding.Grade {
      StorageChecks.findings(
        StorageFacts(freeBytes: free, diskBytes: 200 << 30, cachedBytes: cached, cacheBytesMax: max),
        state: "/s", daemonRuns: true)[
          0
        ].grade
    }
    #expect(grade(free: 100 << 30) == .ok)
    #expect(grade(free: 10 << 30) == .warning)
    #expect(grade(free: 10 << 30, cached: 15 << 30) == .ok)
    #expect(grade(free: 1 << 30) == .warning)
    #expect(grade(free: 1 << 20, cached: 20 << 30) == .problem)
  }

  @Test func `what waits for somebody is told with where it waits`() {
    let facts = StorageFacts(
      freeBytes: 100 << 30, cachedBytes: nil, cacheBytesMax: 1, pending: 2, recovered: 1)
    let lines = Diagnosis(findings: StorageChecks.findings(facts, state: "/s", daemonRuns: false)).lines
    #expect(
      lines.dropFirst() == [
        "warning unpublished: 2 changes wait to be published",
        "  mount again with 'p2pfs mount DIR': it is published then",
        "warning recovered: 1 file in '/s/recovered', saved from a crash or a refusal",
        "  look at them, copy what you want into the mount, and remove the rest", "2 warnings",
      ])
  }

  @Test func `mounts are told apart by who is behind them`() {
    let row = MountedRow(path: "/a b", type: MountTable.type, source: "p2pfs:a@t:1", device: "0:9")
    let grades = [MountLook.alive, .closedToUs, .dead, .trouble(EIO), nil].map {
      MountChecks.finding(row, $0).grade
    }
    #expect(grades == [.ok, .info, .problem, .problem, .problem])
    #expect(MountChecks.finding(row, .dead).remedy?.hasPrefix("p2pfs unmount '/a b' frees it") == true)
  }

  @Test func `a failure's two halves are the finding and the remedy`() {
    let disk = Finding.problem("x", .disk(EACCES, "opening 'a: b'"))
    #expect(disk.text == "opening 'a: b': Permission denied" && disk.remedy == "check its permissions")
    let line = Finding.problem("x", .configuration("line 1 is wrong: write a: b"))
    #expect(line.text == "line 1 is wrong" && line.remedy == "write a: b" && !line.isOutOfReach)
    #expect(Finding.problem("x", .noDaemon).isOutOfReach)
  }

  @Test func `a page is aligned, wraps its sentences, and ends with what they come to`() {
    let page = Diagnosis(findings: [
      .ok("short", "well"), .problem("longer one", "something is wrong here", "do this or that about it"),
    ]).page(width: 40)
    #expect(
      page.map(\.text) == [
        "ok       short       well", "problem  longer one  something is wrong", "                     here",
        "                     do this or that", "                     about it", "", "1 problem",
      ])
    #expect(Diagnosis(findings: []).summary == "nothing is wrong" && Diagnosis(findings: []).exitCode == 0)
  }
}
