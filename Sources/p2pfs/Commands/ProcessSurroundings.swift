// What the process was given by whoever started it: arguments, environment, three open streams.

import Glibc
import Link

enum ProcessArguments {
  /// Without the program's name. Text that is no UTF-8 would not be the same again when it is used.
  static func words() throws(Failure) -> [String] {
    var words: [String] = []
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index] else { break }
      guard let word = String(validatingCString: argument) else {
        throw .malformed(
          "argument \(index) is not UTF-8: give it as UTF-8, a password also by --password-file")
      }
      words.append(word)
    }
    return words
  }
}

extension Environment {
  static let ofProcess = Environment { getenv($0).map { String(cString: $0) } }
}

enum StandardStreams {
  /// Takes the numbers 0 to 2 where they are closed, or the next file opened would get our answers; and so that
  /// writing there fails, as it does for everybody, each is opened the wrong way round. Whether a reader has
  /// gone is seen where it is written to him, also at sockets, so SIGPIPE is not to end us.
  static func prepare() {
    for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
      _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
    signal(SIGPIPE, SIG_IGN)
  }

  /// What went wrong, as the whole line.
  static func complain(_ text: String) {
    write((Journal.isStandardError ? Importance.error.prefix : "") + text)
  }

  static func say(_ text: String, _ importance: Importance) {
    write(line(text, importance, isForJournal: Journal.isStandardError))
  }

  /// For threads that serve others: a pipe that nobody reads fills up, and then what is to be said is left out.
  static func note(_ text: String, withTime: Bool) {
    var watched = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    guard poll(&watched, 1, 0) == 1 else { return }
    if withTime { write("\(UTC.iso(UTC.now)) \(text)") } else { say(text, .notice) }
  }

  /// The journal says by itself who it was.
  static func line(_ text: String, _ importance: Importance, isForJournal: Bool) -> String {
    isForJournal ? importance.prefix + text : "p2pfs: \(text)"
  }

  private static func write(_ line: String) {
    _ = SmallFile.write(Array("\(line)\n".utf8), to: STDERR_FILENO)
  }

  /// As every tool of a pipe ends when its reader does.
  static func dieOfBrokenPipe() -> Never {
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    exit(ExitCode.disk)
  }
}
