// The daemon's door for shells: each comes with one command over the state directory's socket, and its answers go
// back there. Only programs of the same user get in.

import Glibc
import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// One thread accepts; each shell has a thread that runs its command and one that notices when it goes away.
final class SocketDoor: Sendable {
  private static let shellsMax = 64

  private let listener: LocalListener
  private let daemon: Daemon
  private let shells = Atomic<Int>(0)

  init(_ daemon: Daemon) throws(Failure) {
    self.daemon = daemon
    let path = Daemon.socketPath(in: daemon.directory.path)
    do throws(SocketError) {
      listener = try LocalListener(at: path)
    } catch {
      throw .disk(error.errno, "listening at \(Quoted.text(path))")
    }
  }

  func open() {
    WorkerThread("shells") { [self] in
      while let stream = listener.accept() { take(stream) }
    }.detach()
  }

  /// Those who are being answered have a moment to hear the end of it.
  func close() {
    listener.close()
    let deadline = Instant.now + 500
    while shells.load(ordering: .relaxed) > 0, Instant.now < deadline { usleep(1_000) }
  }

  private func take(_ stream: LocalStream) {
    guard shells.add(1, ordering: .relaxed).newValue <= Self.shellsMax else {
      shells.subtract(1, ordering: .relaxed)
      return stream.end()
    }
    WorkerThread("shell") { [self] in
      serve(stream)
      stream.end()
      shells.subtract(1, ordering: .relaxed)
    }.detach()
  }

  private func serve(_ stream: LocalStream) {
    guard let bytes = try? stream.receive(), let request = try? DaemonRequest(reading: bytes) else { return }
    let door = RemoteDoor(stream)
    let isHere = Watch(stream, door)
    var command: Command?
    do throws(Failure) {
      switch request {
      case .reload: try daemon.reload()
      case .report:
        let runner = daemon.runner(door, NoPasswords(), in: "/", waits: true) { isHere.goesOn }
        try door.show(.status(runner.status(knocksAtTrackers: false)))
      case .run(let words, let flags, let directory, let named):
        try daemon.mustBeAt(named)
        let parsed = try Command(words: words, flags: Set(flags))
        command = parsed
        try daemon.runner(door, NoPasswords(), in: directory, waits: true) { isHere.goesOn }.run(parsed)
      }
      door.send(.ended(0, ""))
    } catch {
      door.send(.ended(error.exitCode, error.sentence(for: command)))
    }
  }
}

/// Notices when a shell goes away, by Ctrl-C for one: what it asked for is then not wanted any more. Meanwhile it tells
/// the shell that its daemon is alive, however long the command takes.
private final class Watch: Sendable {
  private static let signMilliseconds = 1_000

  private let isGone = Atomic(false)

  init(_ stream: LocalStream, _ door: RemoteDoor) {
    WorkerThread("shell-watch") { [self] in
      while true {
        if stream.hasNews(within: Self.signMilliseconds) {
          guard (try? stream.receive()) != nil else { break }
        } else {
          guard door.send(.alive) else { break }
        }
      }
      isGone.store(true, ordering: .relaxed)
    }.detach()
  }

  var goesOn: Bool { !isGone.load(ordering: .relaxed) }
}

/// ## Concurrency model
/// For any thread. A frame goes out whole, and who waits for that wants to send one himself.
private final class RemoteDoor: Door, Sendable {
  private let stream: LocalStream
  private let sending = Mutex(())

  init(_ stream: LocalStream) { self.stream = stream }

  func show(_ answer: Answer) throws(Failure) {
    for reply in DaemonReply.replies(with: answer) {
      guard send(reply) else { throw .readerGone }
    }
  }

  func show(_ progress: Progress) { send(.progress(progress)) }

  @discardableResult
  func send(_ reply: DaemonReply) -> Bool {
    let bytes = reply.bytes
    return sending.withLock { _ in (try? stream.send(bytes)) != nil }
  }
}

enum WorkingDirectory {
  static var path: String {
    guard let text = getcwd(nil, 0) else { return "/" }
    defer { free(text) }
    return String(cString: text)
  }

  /// As it would be from anywhere else: without `.`, double slashes, and one at the end.
  static func absolute(_ path: String, from directory: String = WorkingDirectory.path) -> String {
    let whole = path.hasPrefix("/") ? path : "\(directory)/\(path)"
    return "/" + whole.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }
}
