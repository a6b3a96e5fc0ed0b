// The shell's end of the line to its daemon: one command there, and its answers here. A daemon that gives no sign of life
// is not waited for.

import Glibc
import GroupModel
import Link

struct DaemonCall {
  /// A daemon at work gives a sign each second.
  private static let silentMilliseconds = 10_000

  private let stream: LocalStream
  private let state: String

  /// nil where no daemon runs.
  private init?(in state: String, waitingAtMost milliseconds: Int = silentMilliseconds) throws(Failure) {
    self.state = state
    do throws(LocalTrouble) {
      stream = try .connect(to: Daemon.socketPath(in: state), waitingAtMost: milliseconds)
    } catch .gone {
      return nil
    } catch {
      throw Self.silence(of: nil, in: state)
    }
  }

  private static func silence(of process: Int32?, in state: String) -> Failure {
    let log = "\(state)/\(MountProgram.logName)"
    return .daemonSilent(process: process, log: access(log, F_OK) == 0 ? log : nil)
  }

  private func send(_ request: DaemonRequest) throws(Failure) {
    do throws(LocalTrouble) { try stream.send(request.bytes) } catch { throw failure(error) }
  }

  private func receive() throws(Failure) -> DaemonReply {
    let bytes: [UInt8]
    do throws(LocalTrouble) { bytes = try stream.receive() } catch { throw failure(error) }
    guard let reply = try? DaemonReply(reading: bytes) else { throw .strangeAnswer }
    return reply
  }

  private func failure(_ trouble: LocalTrouble) -> Failure {
    switch trouble {
    case .gone: .noDaemon
    case .silent: Self.silence(of: stream.processOfPeer, in: state)
    }
  }

  /// How it ended there, and what is to be said of a failure.
  private func end(at door: any Door) throws(Failure) -> (code: Int32, sentence: String) {
    var long = LongAnswer()
    while true {
      switch try receive() {
      case .answer(let answer): try door.show(answer)
      case .part(let part): try long.add(part)
      case .whole(let whole): try door.show(long.end(as: whole))
      case .progress(let progress): door.show(progress)
      case .ended(let code, let sentence): return (code, sentence)
      }
    }
  }
}

extension DaemonCall {
  /// nil where no daemon runs.
  static func run(_ line: ShellLine, words: [String], at door: any Door) throws(Failure) -> Int32? {
    guard let (code, sentence) = try end(of: line, words: words, at: door) else { return nil }
    if code != 0 { StandardStreams.complain("p2pfs: \(sentence)") }
    return code
  }

  static func end(
    of line: ShellLine, words: [String], at door: any Door
  ) throws(Failure) -> (code: Int32, sentence: String)? {
    guard let call = try DaemonCall(in: try line.options.stateDirectory()) else { return nil }
    let request = DaemonRequest.run(
      words, flags: line.flags.sorted(), directory: WorkingDirectory.path, trackers: try named(line.options))
    // One that ended this moment is none.
    do throws(Failure) { try call.send(request) } catch .noDaemon { return nil }
    return try call.end(at: door)
  }

  private static func named(_ options: Options) throws(Failure) -> [String] {
    guard options.tracker != nil else { return [] }
    let list = try TrackerFile.find(named: options.tracker, saved: nil).info
    if let directory = try StateDirectory(existing: options.stateDirectory()),
      let login = try SavedLogin.load(from: directory)
    {
      try list.mustBeNetwork(of: login)
    }
    return list.trackers.map(\.description)
  }

  /// How it goes, without anybody being asked; `noDaemon` where there is none.
  static func report(
    in state: String, waitingAtMost milliseconds: Int = silentMilliseconds
  ) throws(Failure) -> Status {
    guard let call = try DaemonCall(in: state, waitingAtMost: milliseconds) else { throw .noDaemon }
    try call.send(.report)
    let kept = StatusKeeper()
    let (code, sentence) = try call.end(at: kept)
    // It says both halves.
    guard code == 0 else { throw .configuration(sentence) }
    guard let status = kept.status else { throw .strangeAnswer }
    return status
  }

  /// A daemon, if there is one, looks at the saved login anew.
  static func reload(in state: String) throws(Failure) {
    do throws(Failure) {
      guard let call = try DaemonCall(in: state) else { return }
      try call.send(.reload)
      let (code, sentence) = try call.end(at: StatusKeeper())
      guard code != 0 else { return }
      StandardStreams.complain("p2pfs: the daemon cannot use this login: \(sentence)")
    } catch .noDaemon {
      return
    }
  }
}

/// For one who wants the status itself.
private final class StatusKeeper: Door {
  private(set) var status: Status?

  func show(_ answer: Answer) {
    if case .status(let status) = answer { self.status = status }
  }
}
