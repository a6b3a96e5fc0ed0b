// Whose thread it is that asks.

import Glibc
import Testing

@testable import p2pfs

@Suite struct CallingProcessTests {
  private func id(_ text: String) -> String? {
    ProcessText(Array(text.utf8))["Tgid"]
  }

  @Test func `the process of this thread is this process`() {
    #expect(CallingProcess.id(ofThread: getpid()) == getpid())
  }

  @Test func `nobody is the process of nothing`() {
    #expect(CallingProcess.id(ofThread: 0) == nil)
    #expect(CallingProcess.id(ofThread: -5) == nil)
    #expect(CallingProcess.id(ofThread: .max) == nil)
  }

  @Test func `the fourth line says it, whatever the name in the first`() {
    #expect(id("Name:\tsh\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4711\nNgid:\t0\n") == "4711")
    #expect(id("Name:\tTgid:\t5\nTgid:\t6\n") == "6")
    #expect(id("Name:\tx\\nTgid:\t5\nTgid:\t6\n") == "6")
    #expect(id("") == nil)
  }

  @Test func `what a process has open under several numbers is one opening`() {
    var name = Array("/tmp/p2pfs-openings-XXXXXX".utf8CString)
    let first = mkstemp(&name)
    defer { unlink(name) }
    var bytes = stat()
    #expect(first >= 0 && fstat(first, &bytes) == 0)
    func count(_ mode: Int32) -> Int {
      CallingProcess.openings(ofInode: UInt64(bytes.st_ino), mode: mode, process: getpid())
    }
    let second = fcntl(first, F_DUPFD, 20)
    #expect(count(O_RDWR) == 1 && count(O_RDONLY) == 0)
    let other = open(name, O_RDWR)
    let reading = open(name, O_RDONLY)
    #expect(count(O_RDWR) == 2 && count(O_RDONLY) == 1)
    for number in [first, second, other, reading] { close(number) }
    #expect(count(O_RDWR) == 0)
    #expect(CallingProcess.openings(ofInode: UInt64(bytes.st_ino), mode: O_RDWR, process: .max) == 0)
  }
}
