// The options that every command takes, with their defaults, and the one table that reads and explains them.
// Each value is checked here, also where nothing uses it yet: a slip is told before anything has happened.

import GroupModel

struct Options: Hashable, Sendable {
  /// nil where neither an option nor the environment says it.
  var state: String?
  var tracker: String?
  var listen = PeerAddress(ip: [0, 0, 0, 0], port: 0)!
  var advertise: PeerAddress?
  /// nil: nothing is shown.
  var metrics: PeerAddress?
  var cacheBytesMax: UInt64 = 20 << 30
  var upBytesPerSecondMax: UInt64?
  var downBytesPerSecondMax: UInt64?
  var readTimeoutSeconds: UInt32 = 30
  var passwordFile: String?
  var mount = MountOptions()
  var asksForHelp = false
  var asksForVersion = false

  init(from environment: Environment) {
    state = environment["P2PFS_STATE"] ?? Self.stateHome(environment).map { "\($0)/p2pfs" }
    tracker = environment["P2PFS_TRACKER"]
  }

  /// A relative $XDG_STATE_HOME is to be ignored, says the XDG Base Directory Specification.
  private static func stateHome(_ environment: Environment) -> String? {
    if let home = environment["XDG_STATE_HOME"], home.hasPrefix("/") { return home }
    return environment["HOME"].map { "\($0)/.local/state" }
  }

  func stateDirectory() throws(Failure) -> String {
    guard let state else {
      throw .usage("there is no $HOME to keep the state in: say where with --state DIR")
    }
    return state
  }
}

/// The environment, or a test's idea of it. A variable that is set to nothing counts as not set.
struct Environment: Sendable {
  private let value: @Sendable (String) -> String?

  init(_ value: @escaping @Sendable (String) -> String?) { self.value = value }

  subscript(name: String) -> String? { value(name).flatMap { $0.isEmpty ? nil : $0 } }
}

struct OptionWord: Sendable {
  let name: String
  var short: String?
  /// What the value is called in the help.
  let value: String
  let summary: String
  let set: @Sendable (inout Options, String) throws(Failure) -> Void

  var takesValue: Bool { !value.isEmpty }
  var usage: String { takesValue ? "\(name) \(value)" : name }
}

extension OptionWord {
  /// `flags` are options of single commands; they are here so that a misspelt one is guessed.
  static func named(_ name: String, flags: [String]) throws(Failure) -> OptionWord {
    if let word = all.first(where: { $0.name == name || $0.short == name }) { return word }
    let wrong = "\(Quoted.text(name)) is no option"
    if let near = Spelling.nearest(to: name, among: (all.map(\.name) + flags).filter { $0.count > 2 }) {
      throw .usage("\(wrong): did you mean '\(near)'?")
    }
    throw .usage("\(wrong): 'p2pfs help' lists them; put -- before an argument that starts with a dash")
  }

  static let all: [OptionWord] = places + network + limits + mounting + questions

  private static let places: [OptionWord] = [
    OptionWord(name: "--state", value: "DIR", summary: "keys, saved login and cache ($P2PFS_STATE)") {
      options, value throws(Failure) in options.state = value
    },
    OptionWord(name: "--tracker", value: "FILE", summary: "the tracker_info.txt to use ($P2PFS_TRACKER)") {
      options, value throws(Failure) in options.tracker = value
    },
    OptionWord(name: "--password-file", value: "FILE", summary: "its first line is the password") {
      options, value throws(Failure) in options.passwordFile = value
    },
  ]

  private static let network: [OptionWord] = [
    OptionWord(name: "--listen", value: "IP:PORT", summary: "where peers reach this machine (0.0.0.0:0)") {
      options, value throws(Failure) in options.listen = try OptionValue.address(value, of: "--listen")
    },
    OptionWord(name: "--advertise", value: "IP:PORT", summary: "the address that peers are told, if another")
    {
      options, value throws(Failure) in
      options.advertise = try OptionValue.reachable(value, of: "--advertise")
    },
    OptionWord(
      name: "--metrics", value: "IP:PORT",
      summary: "where the daemon shows counts to Prometheus, with no password"
    ) {
      options, value throws(Failure) in options.metrics = try OptionValue.address(value, of: "--metrics")
    },
  ]

  private static let limits: [OptionWord] = [
    OptionWord(name: "--cache-size", value: "SIZE", summary: "of downloaded pieces (20G)") {
      options, value throws(Failure) in
      options.cacheBytesMax = try OptionValue.bytes(value, of: "--cache-size")
    },
    OptionWord(name: "--up-limit", value: "RATE", summary: "bytes a second to others, such as 500K") {
      options, value throws(Failure) in
      options.upBytesPerSecondMax = try OptionValue.bytes(value, of: "--up-limit")
    },
    OptionWord(name: "--down-limit", value: "RATE", summary: "bytes a second from others, such as 10M") {
      options, value throws(Failure) in
      options.downBytesPerSecondMax = try OptionValue.bytes(value, of: "--down-limit")
    },
    OptionWord(name: "--read-timeout", value: "SECONDS", summary: "of waiting for a silent source (30)") {
      options, value throws(Failure) in
      options.readTimeoutSeconds = try OptionValue.seconds(value, of: "--read-timeout")
    },
  ]

  private static let mounting: [OptionWord] = [
    OptionWord(name: "--user", value: "USER", summary: "with 'mount': logs in first") {
      options, value throws(Failure) in options.mount.user = try MountOptions.user(value)
    },
    OptionWord(
      name: "-o", value: "OPTIONS", summary: "with 'mount': allow_other, ro, show_control, libfuse's"
    ) {
      options, value throws(Failure) in try MountOptions.take(value, into: &options)
    },
  ]

  private static let questions: [OptionWord] = [
    OptionWord(name: "--help", short: "-h", value: "", summary: "explains the command") {
      options, _ throws(Failure) in options.asksForHelp = true
    },
    OptionWord(name: "--version", value: "", summary: "says which version this is") {
      options, _ throws(Failure) in options.asksForVersion = true
    },
  ]
}
