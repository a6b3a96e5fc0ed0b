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

  @Test func `a process holds what it has open under a small number`() {
    var bytes = stat()
    #expect(fstat(STDERR_FILENO, &bytes) == 0)
    #expect(CallingProcess.holds(inode: UInt64(bytes.st_ino), process: getpid()))
    #expect(!CallingProcess.holds(inode: .max, process: getpid()))
    #expect(!CallingProcess.holds(inode: UInt64(bytes.st_ino), process: .max))
  }
}
