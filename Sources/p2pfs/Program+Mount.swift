// `mount`: looks whether it can be, logs in where that is asked for, and starts this program once more in the
// background; or is that program.

import Glibc
import GroupModel
import Link
import Swarm
import Volume

enum MountProgram {
  static let logName = "daemon.log"
  private static let logBytesMax = 1 << 20
  private static let currentMilliseconds = 2_000

  /// In the background. Returns when the directory can be used.
  static func start(_ line: ShellLine, _ place: String, _ door: any Door) throws(Failure) -> Int32 {
    let directory = try StateDirectory(making: line.options.stateDirectory())
    let log = try openLog(in: directory)
    defer { close(log) }
    let (code, sentence) = try BackgroundProgram.start(ProcessArguments.words(), log: log)
    let logPath = WorkingDirectory.absolute(directory.name(logName))
    guard code == 0 else {
      StandardStreams.complain("p2pfs: \(sentence.contains(": ") ? sentence : "\(sentence): see \(logPath)")")
      return code
    }
    try door.show(.line("mounted \(sentence), log in \(Printable.escaped(logPath))"))
    return 0
  }

  /// Appended to; a long one begins anew, and the one before is kept.
  private static func openLog(in directory: StateDirectory) throws(Failure) -> Int32 {
    var status = stat()
    if fstatat(directory.descriptor, logName, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_size > logBytesMax
    {
      renameat(directory.descriptor, logName, directory.descriptor, "\(logName).1")
    }
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC
    let log = openat(directory.descriptor, logName, flags, 0o600)
    guard log >= 0 else { throw .disk(errno, "opening \(Quoted.text(directory.name(logName)))") }
    return log
  }
}

// The one that stays.
extension MountProgram {
  /// Does not return where all is well: `waiting` is whoever started it in the background.
  static func stay(_ line: ShellLine, _ place: String, _ waiting: ReadySignal?) throws(Failure) {
    do throws(Failure) {
      try run(try line.options.rooted(), WorkingDirectory.absolute(place), waiting)
    } catch {
      waiting?.send(error.exitCode, error.sentence(for: line.command))
      throw error
    }
  }

  private static func run(_ options: Options, _ place: String, _ waiting: ReadySignal?) throws(Failure) {
    let supervisor = Supervisor.take()
    let signals = StopSignals()
    let daemon = try Daemon(options, logsTimes: waiting != nil)
    // A daemon that stays is not to keep the directory it was started in from being unmounted.
    chdir("/")
    let result: Result<Void, Failure>
    do throws(Failure) {
      result = .success(try serve(daemon, at: place, until: signals, waiting, supervisor))
    } catch {
      result = .failure(error)
    }
    // Also where it failed: OpenSSL must not be in use when the process ends.
    daemon.close()
    try result.get()
    _exit(0)
  }

  private static func serve(
    _ daemon: Daemon, at place: String, until signals: StopSignals, _ waiting: ReadySignal?,
    _ supervisor: Supervisor
  ) throws(Failure) {
    try daemon.start()
    guard let user = try loggedIn(daemon) else { throw .refused(.notLoggedIn) }
    let mounted = try MountPlace(preparing: place, beside: daemon.options.stateDirectory())
    try mounted.mustBeAllowed(daemon.options.mount.passed)
    let life = MountLife(at: mounted, daemon.options.mount, of: daemon)
    daemon.show(life)
    let socket = try SocketDoor(daemon)
    socket.open()
    defer { socket.close() }
    stopOnSignal(signals, life, supervisor)
    let told = "\(Printable.escaped(mounted.path)) as \(user)"
    try life.run {
      daemon.note("mounted \(told)")
      supervisor.ready("mounted \(told)")
      // Whoever started it was stopped meanwhile, and does not want it.
      if waiting?.send(0, told) == false { life.stop() }
    }
    daemon.note("unmounted \(Printable.escaped(mounted.path))")
  }

  /// What was decided while nobody was here is there when the directory is, and others can have what is here; without a tracker, what was known is.
  private static func loggedIn(_ daemon: Daemon) throws(Failure) -> UserName? {
    // Why nobody is, where that is not all there is to say.
    if daemon.volume == nil { try daemon.reload() }
    guard let volume = daemon.volume else { return nil }
    volume.waitUntilAnnounced(milliseconds: currentMilliseconds)
    // Where their answer took longer than the start waits.
    if let change = volume.line.authorityChange { throw Failure(change) }
    return volume.user
  }

  private static func stopOnSignal(_ signals: StopSignals, _ life: MountLife, _ supervisor: Supervisor) {
    _ = WorkerThread("signals") {
      signals.wait()
      supervisor.stopping()
      life.stop()
    }
  }
}

extension Options {
  /// As they are from any directory.
  fileprivate func rooted() throws(Failure) -> Options {
    var options = self
    options.state = WorkingDirectory.absolute(try stateDirectory())
    options.tracker = tracker.map { WorkingDirectory.absolute($0) }
    return options
  }
}
