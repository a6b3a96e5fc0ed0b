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
    guard let bytes = stream.receive(), let request = try? DaemonRequest(reading: bytes) else { return }
    let isHere = Watch(stream)
    let door = RemoteDoor(stream)
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

/// Notices when a shell goes away, by Ctrl-C for one: what it asked for is then not wanted any more.
private final class Watch: Sendable {
  private let isGone = Atomic(false)

  init(_ stream: LocalStream) {
    WorkerThread("shell-watch") { [self] in
      while stream.receive() != nil {}
      isGone.store(true, ordering: .relaxed)
    }.detach()
  }

  var goesOn: Bool { !isGone.load(ordering: .relaxed) }
}

private final class RemoteDoor: Door {
  private let stream: LocalStream

  init(_ stream: LocalStream) { self.stream = stream }

  func show(_ answer: Answer) throws(Failure) {
    for reply in DaemonReply.replies(with: answer) {
      guard send(reply) else { throw .readerGone }
    }
  }

  func show(_ progress: Progress) { send(.progress(progress)) }

  @discardableResult
  func send(_ reply: DaemonReply) -> Bool { stream.send(reply.bytes) }
}

/// The shell's end.
enum DaemonCall {
  /// nil where no daemon runs.
  static func run(_ line: ShellLine, words: [String], at door: any Door) throws(Failure) -> Int32? {
    guard let (code, sentence) = try end(of: line, words: words, at: door) else { return nil }
    if code != 0 { StandardStreams.complain("p2pfs: \(sentence)") }
    return code
  }

  /// How it ended there, and what is to be said of a failure.
  static func end(
    of line: ShellLine, words: [String], at door: any Door
  ) throws(Failure) -> (code: Int32, sentence: String)? {
    guard let stream = LocalStream.connect(to: Daemon.socketPath(in: try line.options.stateDirectory()))
    else {
      return nil
    }
    let request = DaemonRequest.run(
      words, flags: line.flags.sorted(), directory: WorkingDirectory.path, trackers: try named(line.options))
    guard stream.send(request.bytes) else { return nil }
    return try end(of: stream, at: door)
  }

  private static func end(
    of stream: LocalStream, at door: any Door
  ) throws(Failure) -> (code: Int32, sentence: String) {
    var long = LongAnswer()
    while let bytes = stream.receive() {
      guard let reply = try? DaemonReply(reading: bytes) else { throw .strangeAnswer }
      switch reply {
      case .answer(let answer): try door.show(answer)
      case .part(let part): try long.add(part)
      case .whole(let whole): try door.show(long.end(as: whole))
      case .progress(let progress): door.show(progress)
      case .ended(let code, let sentence): return (code, sentence)
      }
    }
    throw .noDaemon
  }

  /// How it goes, without anybody being asked; `noDaemon` where there is none.
  static func report(in state: String) throws(Failure) -> Status {
    guard let stream = LocalStream.connect(to: Daemon.socketPath(in: state)),
      stream.send(DaemonRequest.report.bytes)
    else { throw .noDaemon }
    let kept = StatusKeeper()
    let (code, sentence) = try end(of: stream, at: kept)
    // It says both halves.
    guard code == 0 else { throw .configuration(sentence) }
    guard let status = kept.status else { throw .strangeAnswer }
    return status
  }

  private static func named(_ options: Options) throws(Failure) -> [String] {
    guard options.tracker != nil else { return [] }
    return try TrackerFile.find(named: options.tracker, saved: nil).info.trackers.map(\.description)
  }

  /// A daemon, if there is one, looks at the saved login anew.
  static func reload(in state: String) {
    guard let stream = LocalStream.connect(to: Daemon.socketPath(in: state)) else { return }
    guard stream.send(DaemonRequest.reload.bytes), let bytes = stream.receive(),
      case .ended(let code, let sentence)? = try? DaemonReply(reading: bytes), code != 0
    else { return }
    StandardStreams.complain("p2pfs: the daemon cannot use this login: \(sentence)")
  }
}

/// For one who wants the status itself.
private final class StatusKeeper: Door {
  private(set) var status: Status?

  func show(_ answer: Answer) {
    if case .status(let status) = answer { self.status = status }
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
