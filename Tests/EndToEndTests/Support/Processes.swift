// Real programs as child processes: started, read from, written to, and ended by their pid. What a test starts it
// ends; a child that outlives its test's patience is killed and the test fails.

import Foundation
import Testing

/// Where `make build` puts the programs.
enum Programs {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path()
  static let p2pfs = root + ".build/release/p2pfs"
  static let tracker = root + ".build/release/tracker"
  static let exercise = root + ".build/release/exercise"
}

/// What a finished child left.
struct Outcome: CustomStringConvertible {
  let exit: Int32
  let output: String
  let errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }

  var description: String { "exit \(exit)\n\(output)\(errors)" }
}

/// A child process with pipes to all of its streams, or on a terminal of its own.
///
/// ## Concurrency model
/// A thread for each stream reads its output; what they have read is under `lock`.
final class Child: @unchecked Sendable {
  private static let spawning = NSLock()

  let pid: pid_t
  private let input: Int32
  private let lock = NSCondition()
  private var texts: [Int32: [UInt8]] = [1: [], 2: []]
  private var openStreams = 0
  private var status: Int32?

  /// `environment` is added to a bare one: no variable of whoever runs the tests reaches a child. On a terminal
  /// all that it says is on stream 1.
  init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
    onTerminal: Bool = false
  ) {
    // One at a time: a pipe that another child inherits would never end.
    Self.spawning.lock()
    defer { Self.spawning.unlock() }
    let streams = onTerminal ? ChildStreams.terminal() : ChildStreams.pipes()
    let command = (directory.map { ["/usr/bin/env", "-C", $0] } ?? []) + [program] + arguments
    pid = streams.spawn(command, environment)
    input = streams.input
    for (stream, descriptor) in streams.outputs { read(descriptor, into: stream) }
  }

  private func read(_ descriptor: Int32, into stream: Int32) {
    openStreams += 1
    Thread.detachNewThread { [self] in
      var buffer = [UInt8](repeating: 0, count: 64 << 10)
      while true {
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        lock.lock()
        if count > 0 { texts[stream]!.append(contentsOf: buffer[..<count]) } else { openStreams -= 1 }
        lock.broadcast()
        lock.unlock()
        if count <= 0 { break }
      }
      close(descriptor)
    }
  }

  func text(_ stream: Int32) -> String {
    lock.lock()
    defer { lock.unlock() }
    return String(decoding: texts[stream]!, as: UTF8.self)
  }

  /// Waits until a stream shows `text`.
  @discardableResult
  func waitFor(_ text: String, on stream: Int32 = 1, within seconds: Double = 20) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    lock.lock()
    defer { lock.unlock() }
    while !String(decoding: texts[stream]!, as: UTF8.self).contains(text) {
      guard openStreams > 0, lock.wait(until: deadline) else {
        return String(decoding: texts[stream]!, as: UTF8.self).contains(text)
      }
    }
    return true
  }

  /// Waits until it has said a whole line, and gives all that there is.
  func lines(_ stream: Int32 = 1) -> [String] {
    waitFor("\n", on: stream)
    return text(stream).split(separator: "\n").map(String.init)
  }

  func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(input, bytes, bytes.count)
  }

  func endInput() { close(input) }

  /// Whether its terminal shows what is typed.
  var echoes: Bool {
    var settings = termios()
    precondition(tcgetattr(input, &settings) == 0, "it is not on a terminal")
    return settings.c_lflag & tcflag_t(ECHO) != 0
  }

  /// As somebody who draws at the window's corner: its programs are told.
  func resize(columns: UInt16, rows: UInt16) {
    // TIOCSWINSZ and struct winsize, which Swift's Glibc shows only beside other modules.
    var size: [UInt16] = [rows, columns, 0, 0]
    precondition(ioctl(input, 0x5414, &size) == 0, "it is not on a terminal")
  }

  func signal(_ number: Int32) { kill(pid, number) }

  /// Its exit status, negative for the signal that ended it; nil when it goes on beyond the time.
  @discardableResult
  func wait(within seconds: Double = 60) -> Int32? {
    if let status { return status }
    let deadline = Date(timeIntervalSinceNow: seconds)
    var raw: Int32 = 0
    while waitpid(pid, &raw, WNOHANG) == 0 {
      guard Date() < deadline else { return nil }
      usleep(2_000)
    }
    status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F)
    return status
  }

  /// Waits for its end, killing it when the time is over, and gathers what it said.
  @discardableResult
  func finish(within seconds: Double = 60) -> Outcome {
    endInput()
    if wait(within: seconds) == nil {
      Issue.record("process \(pid) did not end within \(seconds) s")
      signal(SIGKILL)
      wait()
    }
    lock.lock()
    let deadline = Date(timeIntervalSinceNow: 5)
    while openStreams > 0, lock.wait(until: deadline) {}
    lock.unlock()
    return Outcome(exit: status ?? -1, output: text(1), errors: text(2))
  }

  deinit {
    if status == nil {
      signal(SIGKILL)
      wait()
    }
  }
}
