// What is known here without asking anybody: who is logged in, and at which network.

import GroupModel

extension CommandRunner {
  func showStatus(json: Bool) throws(Failure) {
    let path = try options.stateDirectory()
    let directory = try StateDirectory(existing: path)
    let login: SavedLogin? = if let directory { try SavedLogin.load(from: directory) } else { nil }
    let trackers = try login.map { login throws(Failure) in
      try TrackerFile.find(named: options.tracker, saved: login.trackerText).info
    }
    let status = Status(
      user: login?.user.description, state: path, trackers: trackers?.trackers.map(\.description) ?? [],
      authority: login.map { AuthorityText.text($0.authority) })
    for line in json ? [status.json.text] : status.lines { try door.show(.line(line)) }
  }
}

struct Status: Hashable, Sendable {
  let user: String?
  let state: String
  let trackers: [String]
  let authority: String?

  /// A key and its value a line.
  var lines: [String] {
    ["user \(user ?? "-")", "state \(Printable.escaped(state))"] + trackers.map { "tracker \($0)" }
      + (authority.map { ["authority \($0)"] } ?? []) + ["daemon none"]
  }

  var json: JSON {
    .object([
      ("user", user.map(JSON.string) ?? .null), ("state", .string(state)),
      ("trackers", .array(trackers.map(JSON.string))), ("authority", authority.map(JSON.string) ?? .null),
      ("daemon", .null),
    ])
  }
}
