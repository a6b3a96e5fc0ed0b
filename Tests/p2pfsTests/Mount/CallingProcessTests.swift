// Whose thread it is that asks.

import Glibc
import Testing

@testable import p2pfs

@Suite struct CallingProcessTests {
  private func id(_ text: String) -> pid_t? {
    Array(text.utf8).withUnsafeBytes { CallingProcess.id(inStatus: $0) }
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
    #expect(id("Name:\tsh\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4711\nNgid:\t0\n") == 4711)
    #expect(id("Name:\tTgid:\t5\nTgid:\t6\n") == 6)
    #expect(id("Name:\tx\\nTgid:\t5\nTgid:\t6\n") == 6)
    #expect(id("Name:\tx\nTgid:\tmany\n") == nil)
    #expect(id("") == nil)
  }
}
