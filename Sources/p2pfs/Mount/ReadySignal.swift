// How `p2pfs mount` hears from the program that it has started in the background: whether the directory can be used,
// or why not.

import CLinux
import Glibc

/// The end of the program in the background.
struct ReadySignal: Sendable {
  static let variable = "P2PFS_READY"
  /// What the descriptor is in every such program.
  static let descriptor: Int32 = 3

  private let descriptor: Int32

  /// nil for a program that nobody waits for. For the main thread at its start.
  static func take() -> ReadySignal? {
    guard getenv(variable) != nil, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
    unsetenv(variable)
    return ReadySignal(descriptor: descriptor)
  }

  /// 0 for all is well, or an exit code and what to say of it; false when nobody waits any longer.
  @discardableResult
  func send(_ code: Int32, _ sentence: String) -> Bool {
    defer { close(descriptor) }
    return SmallFile.write([UInt8(truncatingIfNeeded: code)] + Array(sentence.utf8), to: descriptor)
  }
}

/// The end of the program that waits.
enum BackgroundProgram {
  private static let sentenceBytesMax = 64 << 10

  /// This program again, with the same words, apart from this terminal: `log` is where it says what it has to say.
  /// Returns the exit code, and the sentence of a failure.
  static func start(_ arguments: [String], log: Int32) throws(Failure) -> (code: Int32, sentence: String) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw .disk(errno, "making a pipe") }
    let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    setenv(ReadySignal.variable, "1", 1)
    let process = ChildProgram.start(
      program, arguments, streams: [nothing, log, log, ends[1]], ownSession: true)
    let number = errno
    unsetenv(ReadySignal.variable)
    close(ends[1])
    close(nothing)
    defer { close(ends[0]) }
    guard let process else { throw .disk(number, "starting p2pfs in the background") }
    let said = try SmallFile.bytes(of: ends[0], max: sentenceBytesMax, named: "the pipe")
    if let code = said.first {
      return (Int32(code), String(decoding: said.dropFirst(), as: UTF8.self))
    }
    let end = ChildProgram.exitCode(of: process)
    return (end ?? ExitCode.disk, "it ended at once" + (end.map { ", with \($0)" } ?? ", by a signal"))
  }

  /// By its name, so that lists of processes show that; one that was replaced meanwhile is still there without.
  private static var program: String {
    let itself = "/proc/self/exe"
    guard let real = realpath(itself, nil) else { return itself }
    defer { free(real) }
    return String(cString: real)
  }
}
