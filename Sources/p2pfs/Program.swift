// The program: makes everything and hands it over. What a command does is in Commands/.

import Glibc

@main enum Program {
  static func main() {
    StandardStreams.prepare()
    let environmentPassword = PasswordTraces.takeFromEnvironment()
    let door = ShellDoor()
    let network = TrackerNetwork()
    var line: ShellLine?
    do throws(Failure) {
      line = try shellLine()
      guard let line else { return }
      let runner = CommandRunner(
        options: line.options, network: network, files: CatalogListing(options: line.options),
        passwords: PasswordSource(file: line.options.passwordFile, environment: environmentPassword),
        door: door)
      try runner.run(line.command)
      network.close()
      try door.finish()
    } catch {
      network.close()
      end(with: error, of: line?.command, door)
    }
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
