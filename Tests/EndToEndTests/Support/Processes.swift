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
}

/// What a finished child left.
struct Outcome: CustomStringConvertible {
  let exit: Int32
  let output: String
  let errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }

  var description: String { "exit \(exit)\n\(output)\(errors)" }
}

/// A child process with pipes to all of its streams.
///
/// ## Concurrency model
/// Two threads of its own read its output; what they have read is under `text`'s lock.
final class Child: @unchecked Sendable {
  private static let spawning = NSLock()

  let pid: pid_t
  private let input: Int32
  private let lock = NSCondition()
  private var texts: [Int32: [UInt8]] = [1: [], 2: []]
  private var openStreams = 2
  private var status: Int32?

  /// `environment` is added to a bare one: no variable of whoever runs the tests reaches a child.
  init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil
  ) {
    // One at a time: a pipe that another child inherits would never end.
    Self.spawning.lock()
    defer { Self.spawning.unlock() }
    var pipes = [[Int32]](repeating: [0, 0], count: 3)
    for index in pipes.indices {
      precondition(pipe(&pipes[index]) == 0)
      for end in pipes[index] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, pipes[0][0], 0)
    posix_spawn_file_actions_adddup2(&actions, pipes[1][1], 1)
    posix_spawn_file_actions_adddup2(&actions, pipes[2][1], 2)
    var all = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]
    all.merge(environment) { $1 }
    let command = (directory.map { ["/usr/bin/env", "-C", $0] } ?? []) + [program] + arguments
    let arguments = command.map { strdup($0) } + [nil]
    let variables = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
    var child: pid_t = 0
    let result = posix_spawn(&child, command[0], &actions, nil, arguments, variables)
    posix_spawn_file_actions_destroy(&actions)
    for pointer in arguments + variables { free(pointer) }
    for descriptor in [pipes[0][0], pipes[1][1], pipes[2][1]] { close(descriptor) }
    precondition(
      result == 0, "cannot start \(program): \(String(cString: strerror(result))): run 'make build'")
    pid = child
    input = pipes[0][1]
    read(pipes[1][0], into: 1)
    read(pipes[2][0], into: 2)
  }

  private func read(_ descriptor: Int32, into stream: Int32) {
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

  func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(input, bytes, bytes.count)
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
  func finish(within seconds: Double = 60) -> Outcome {
    close(input)
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

/// A directory that goes when its test is over.
final class Scratch: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/p2pfs-test.XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ name: String, _ text: String) -> String {
    _ = FileManager.default.createFile(atPath: path + "/" + name, contents: Data(text.utf8))
    return path + "/" + name
  }
}

/// Ports that were free a moment ago, never the same twice in one run.
enum Ports {
  private static let lock = NSLock()
  nonisolated(unsafe) private static var used: Set<UInt16> = []

  static func free() -> UInt16 {
    lock.lock()
    defer { lock.unlock() }
    while true {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = bind(descriptor, $0, length)
          getsockname(descriptor, $0, &length)
        }
      }
      let port = UInt16(bigEndian: address.sin_port)
      if used.insert(port).inserted { return port }
    }
  }
}
