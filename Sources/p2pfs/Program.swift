// The program: finds out who is to carry out the command, makes what that needs, and hands it over.

import Glibc
import GroupModel
import Link
import Swarm
import Volume

@main enum Program {
  static func main() {
    StandardStreams.prepare()
    let environmentPassword = PasswordTraces.takeFromEnvironment()
    let door = ShellDoor()
    var line: ShellLine?
    do throws(Failure) {
      line = try shellLine()
      guard let line else { return }
      let code = try run(line, door, environmentPassword)
      try door.finish()
      exit(code)
    } catch {
      end(with: error, of: line?.command, door)
    }
  }

  private static func run(
    _ line: ShellLine, _ door: ShellDoor, _ environmentPassword: [UInt8]?
  ) throws(Failure) -> Int32 {
    switch line.command {
    case .serve: try serve(line.options)
    case .mount(let place, let staysHere):
      return try mount(line, place, staysHere: staysHere, door, environmentPassword)
    case .unmount(let place): return try UnmountCommand.run(place, line, at: door)
    case .console(let listen, let tracker): try console(line.options, listen, tracker, door)
    case .top(let once): try TopProgram.run(line.options, once: once)
    case .doctor: return try Doctor.run(line.options)
    case .help, .version, .createUser, .login, .logout, .passwd:
      try runHere(line, door, environmentPassword)
      if line.command.changesLogin { try DaemonCall.reload(in: line.options.stateDirectory()) }
    case .status: return try status(line, door, environmentPassword)
    default:
      if let code = try DaemonCall.run(line, words: line.words, at: door) { return code }
      try runHere(line, door, environmentPassword)
    }
    return 0
  }

  /// Whoever asks how it goes is told what can be said without the daemon, too, if that one hangs.
  private static func status(
    _ line: ShellLine, _ door: ShellDoor, _ environmentPassword: [UInt8]?
  ) throws(Failure) -> Int32 {
    do throws(Failure) {
      if let code = try DaemonCall.run(line, words: line.words, at: door) { return code }
    } catch .daemonSilent(let process, let log) {
      try runHere(line, door, environmentPassword, daemonIsSilent: true)
      throw .daemonSilent(process: process, log: log)
    }
    try runHere(line, door, environmentPassword)
    return 0
  }

  /// As a short session of its own.
  private static func runHere(
    _ line: ShellLine, _ door: ShellDoor, _ environmentPassword: [UInt8]?, instead command: Command? = nil,
    daemonIsSilent: Bool = false
  ) throws(Failure) {
    let network = TrackerNetwork()
    defer { network.close() }
    var runner = CommandRunner(
      options: line.options, network: network, files: CatalogListing(options: line.options),
      passwords: PasswordSource(file: line.options.passwordFile, environment: environmentPassword), door: door
    )
    runner.daemonIsSilent = daemonIsSilent
    try runner.run(command ?? line.command)
  }

  private static func shellLine() throws(Failure) -> ShellLine {
    let arguments = try ProcessArguments.words()
    let line = try ShellLine(arguments, environment: .ofProcess)
    if let password = line.command.givenPassword { PasswordTraces.wipeArguments(equalTo: password) }
    return line
  }

  /// What was answered before it went wrong is still said.
  private static func end(with failure: Failure, of command: Command?, _ door: ShellDoor) -> Never {
    try? door.finish()
    if failure == .readerGone { StandardStreams.dieOfBrokenPipe() }
    StandardStreams.complain("p2pfs: \(failure.sentence(for: command))")
    if CommandLine.argc <= 1 { StandardStreams.complain(HelpText.usage) }
    exit(failure.exitCode)
  }
}

// Those that stay.
extension Program {
  private static func mount(
    _ line: ShellLine, _ place: String, staysHere: Bool, _ door: ShellDoor, _ environmentPassword: [UInt8]?
  ) throws(Failure) -> Int32 {
    if let waiting = ReadySignal.take() { try MountProgram.stay(line, place, waiting) }
    guard !Daemon.runs(in: try line.options.stateDirectory()) else { throw .daemonRuns }
    if let user = line.options.mount.user { try logIn(user, line, door, environmentPassword) }
    guard staysHere else { return try MountProgram.start(line, place, door) }
    try door.flush()
    try MountProgram.stay(line, place, nil)
    return 0
  }

  /// Who is logged in already may mount while no tracker is there, and need not give his password again.
  private static func logIn(
    _ user: UserName, _ line: ShellLine, _ door: ShellDoor, _ environmentPassword: [UInt8]?
  ) throws(Failure) {
    let directory = try StateDirectory(existing: line.options.stateDirectory())
    let saved = directory.flatMap { try? SavedLogin.load(from: $0) }
    let isLoggedIn = saved?.user == user
    if isLoggedIn, line.options.passwordFile == nil, environmentPassword == nil { return }
    do throws(Failure) {
      try runHere(line, door, environmentPassword, instead: .login(user, password: nil))
    } catch .noTracker where isLoggedIn {
      StandardStreams.complain("p2pfs: no tracker answers: mounting with the login that is saved")
    }
  }

  private static func serve(_ options: Options) throws(Failure) {
    let supervisor = Supervisor.take()
    let signals = StopSignals()
    let daemon = try Daemon(options)
    try daemon.start()
    let socket = try SocketDoor(daemon)
    socket.open()
    waitUntilAnnounced(daemon)
    supervisor.ready(daemon.volume.map { "serving as \($0.user)" } ?? "nobody is logged in")
    Daemon.say("serving \(Quoted.text(daemon.directory.path)): stop it with Ctrl-C or SIGTERM")
    signals.wait()
    supervisor.stopping()
    socket.close()
    daemon.close()
    _exit(0)
  }

  private static let announcedMilliseconds = 2_000

  /// What others find here is what they can have, where a tracker answers at all.
  private static func waitUntilAnnounced(_ daemon: Daemon) {
    guard let volume = daemon.volume, (try? volume.line.tryAll(within: announcedMilliseconds)) != nil else {
      return
    }
    volume.waitUntilAnnounced(milliseconds: announcedMilliseconds)
  }

  private static func console(
    _ options: Options, _ listen: String?, _ tracker: String?, _ door: ShellDoor
  ) throws(Failure) {
    var options = options
    if let listen { options.listen = try ConsoleAddress.checked(listen) }
    if let tracker { options.tracker = tracker }
    let daemon = try Daemon(options, isConsole: true)
    try daemon.start()
    let socket = try SocketDoor(daemon)
    socket.open()
    let isTerminal = isatty(STDIN_FILENO) == 1
    let input: any ConsoleInput = isTerminal ? TerminalInput(prompt: "p2pfs> ") : PipeInput()
    Console(daemon: daemon, input: input, door: door).run()
    socket.close()
    daemon.close()
    try door.finish()
    _exit(0)
  }
}
