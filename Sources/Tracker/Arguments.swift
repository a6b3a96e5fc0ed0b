// The tracker's command line: what it may say, and what to tell somebody whose line says something else.

import GroupModel
import Link

struct Arguments {
  static let usage =
    "usage: tracker [--data DIR] [--log LEVEL] [--metrics IP:PORT] <tracker_info.txt> <number>"

  static let help = """
    \(usage)

    Serves a p2pfs network: knows users, groups, who is online and who holds what. No file content passes it.

      tracker_info.txt  one tracker a line: HOST:PORT, then optionally sha256:<64 hex>, the authority's fingerprint
      number            which of its trackers this process is, from 1
      --data DIR        all durable state (default ${XDG_DATA_HOME:-~/.local/share}/p2pfs-tracker)
      --log LEVEL       error, warning, info (the default) or debug; the log goes to stderr
      --metrics IP:PORT shows counts and times for Prometheus at http://IP:PORT/metrics; without a password, so
                        take an address of this machine alone, such as 127.0.0.1:9464
      --version, --help

    Trackers that are started on the same DIR stand by for the one that serves. `quit` on stdin, SIGINT and
    SIGTERM stop it.
    """

  var dataDirectory: String?
  var logLevel = Log.Level.info
  var metrics: SocketAddress?
  var trackerInfo = ""
  var number = 0

  enum Wish {
    case serve(Arguments)
    case show(String)
  }

  static func parse(_ words: [String], environment: (String) -> String?) throws(Failure) -> Wish {
    var arguments = Arguments()
    var positional: [String] = []
    var rest = words[...]
    while let word = rest.popFirst() {
      switch word {
      case "--":
        positional += rest
        rest = []
      case "--help", "-h": return .show(help)
      case "--version": return .show("tracker \(programVersion)")
      case "--data": arguments.dataDirectory = try value(of: word, &rest)
      case "--log": arguments.logLevel = try level(try value(of: word, &rest))
      case "--metrics": arguments.metrics = try address(try value(of: word, &rest))
      case _ where word.hasPrefix("--metrics="): arguments.metrics = try address(String(word.dropFirst(10)))
      case _ where word.hasPrefix("--data="): arguments.dataDirectory = String(word.dropFirst(7))
      case _ where word.hasPrefix("--log="): arguments.logLevel = try level(String(word.dropFirst(6)))
      case _ where word.hasPrefix("-"): throw .usage("unknown option \(word): \(usage)")
      default: positional.append(word)
      }
    }
    try arguments.take(positional)
    arguments.dataDirectory = arguments.dataDirectory ?? defaultDirectory(environment)
    return .serve(arguments)
  }

  private static func value(of option: String, _ rest: inout ArraySlice<String>) throws(Failure) -> String {
    guard let value = rest.popFirst() else { throw .usage("\(option) needs a value: \(usage)") }
    return value
  }

  private static func level(_ word: String) throws(Failure) -> Log.Level {
    guard let level = Log.Level(word: word) else {
      throw .usage("--log \(word): take one of error, warning, info, debug")
    }
    return level
  }

  /// Port 0 stands for any free one.
  private static func address(_ word: String) throws(Failure) -> SocketAddress {
    do throws(AddressError) { return SocketAddress(try PeerAddress(text: word)) } catch {
      throw .usage(
        "--metrics \(word): give IP:PORT, such as 127.0.0.1:9464 or [::1]:9464 (\(error.sentence))")
    }
  }

  private mutating func take(_ positional: [String]) throws(Failure) {
    guard positional.count == 2 else { throw .usage("\(Self.slip(in: positional)): \(Self.usage)") }
    guard let number = Int(positional[1]), number >= 1 else {
      throw .usage("'\(positional[1])' is no number of a tracker: give its line in \(positional[0]), from 1")
    }
    trackerInfo = positional[0]
    self.number = number
  }

  private static func slip(in positional: [String]) -> String {
    switch positional.count {
    case 0: "neither a list of trackers nor a number is given"
    case 1: "which of the trackers of '\(positional[0])' this one is, is not said"
    default: "'\(positional[2])' is one word too many"
    }
  }

  private static func defaultDirectory(_ environment: (String) -> String?) -> String? {
    if let data = environment("XDG_DATA_HOME"), data.hasPrefix("/") { return data + "/p2pfs-tracker" }
    guard let home = environment("HOME"), !home.isEmpty else { return nil }
    return home + "/.local/share/p2pfs-tracker"
  }
}
