// Where a password comes from, and that it stays nowhere where others could read it.

import Glibc
import GroupModel
import Testing

@testable import p2pfs

private let alice = UserName("alice")!
private let nowhere = "/nonexistent/tty"

private func text(_ password: [UInt8]) -> String { String(decoding: password, as: UTF8.self) }

@Test func `the command line comes before the file, the file before the environment`() throws {
  let scratch = Scratch()
  let file = scratch.file("password", "filed\n")
  let all = PasswordSource(file: file, environment: Array("set".utf8), terminal: nowhere)
  #expect(try text(all.password(for: .login(alice), given: Array("given".utf8))) == "given")
  #expect(try text(all.password(for: .login(alice), given: nil)) == "filed")
  let less = PasswordSource(file: nil, environment: Array("set".utf8), terminal: nowhere)
  #expect(try text(less.password(for: .login(alice), given: nil)) == "set")
}

@Test(arguments: [
  ("secret", "secret"), ("secret\n", "secret"), ("secret\nuser\n", "secret"), ("secret\r\n", "secret"),
  (" se cret \n", " se cret "), ("pässwörd\n", "pässwörd"),
])
func `a password file's first line counts`(content: String, password: String) throws {
  let scratch = Scratch()
  let source = PasswordSource(file: scratch.file("password", content), environment: nil, terminal: nowhere)
  #expect(try text(source.password(for: .account(alice), given: nil)) == password)
}

@Test(
  arguments: [
    ("", 65), ("\nsecret\n", 65), ("se\0cret\n", 65), (String(repeating: "x", count: 1025), 65),
    (String(repeating: "x", count: 70_000), 74),
  ] as [(String, Int32)])
func `a password file that cannot be one is refused`(content: String, code: Int32) {
  let scratch = Scratch()
  let source = PasswordSource(file: scratch.file("password", content), environment: nil, terminal: nowhere)
  let failure = #expect(throws: Failure.self) { try source.password(for: .login(alice), given: nil) }
  #expect(failure?.exitCode == code)
}

@Test func `a password file that is not there is told by its name`() {
  let source = PasswordSource(file: "/nonexistent/file", environment: nil, terminal: nowhere)
  #expect(throws: Failure.disk(ENOENT, "opening '/nonexistent/file'")) {
    try source.password(for: .login(alice), given: nil)
  }
}

@Test func `without any source the ways to give one are told`() {
  let source = PasswordSource(file: nil, environment: nil, terminal: nowhere)
  let failure = #expect(throws: Failure.self) { try source.password(for: .login(alice), given: nil) }
  #expect(failure?.exitCode == 64)
  let sentence = failure?.sentence(for: nil) ?? ""
  #expect(sentence.contains("after the user name") && sentence.contains("--password-file"))
  #expect(sentence.contains("$P2PFS_PASSWORD"))
}

// The prompt: one at a time in a process, hence one after the other.
@Suite(.serialized) struct PromptTests {
  @Test func `a login asks once, and what is typed is not shown`() throws {
    let terminal = PseudoTerminal()
    let source = PasswordSource(file: nil, environment: nil, terminal: terminal.name)
    let typist = terminal.types("secret\n", whenAsked: ["Password for alice: "])
    #expect(try text(source.password(for: .login(alice), given: nil)) == "secret")
    #expect(typist.wait() == "Password for alice: \r\n")
    #expect(terminal.echoes)
  }

  @Test func `a new password is asked for twice`() throws {
    let terminal = PseudoTerminal()
    let source = PasswordSource(file: nil, environment: nil, terminal: terminal.name)
    let typist = terminal.types("secret\n", whenAsked: ["New password for alice: ", "once more: "])
    #expect(try text(source.password(for: .change(alice), given: nil)) == "secret")
    #expect(typist.wait() == "New password for alice: \r\nThe same once more: \r\n")
  }

  @Test func `two different passwords are refused`() {
    let terminal = PseudoTerminal()
    let source = PasswordSource(file: nil, environment: nil, terminal: terminal.name)
    let typist = terminal.types(
      "secret\n", then: "secrte\n", whenAsked: ["Password for alice: ", "once more: "])
    let failure = #expect(throws: Failure.self) { try source.password(for: .account(alice), given: nil) }
    #expect(failure?.exitCode == 65)
    _ = typist.wait()
    #expect(terminal.echoes)
  }

  @Test func `nothing typed is no password`() {
    let terminal = PseudoTerminal()
    let source = PasswordSource(file: nil, environment: nil, terminal: terminal.name)
    let typist = terminal.types("\u{4}", whenAsked: ["Password for alice: "])
    let failure = #expect(throws: Failure.self) { try source.password(for: .login(alice), given: nil) }
    #expect(failure?.exitCode == 64)
    _ = typist.wait()
    #expect(terminal.echoes)
  }
}
