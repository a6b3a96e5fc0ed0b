// A group of people with daemons, ready to share: what most stories of the swarm begin with. The first of them owns the
// group `team`, the others are in it.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

final class Team {
  let story: Story
  let people: [Person]
  let mint: CertificateMint

  convenience init(_ names: String...) throws { try self.init(names) }

  init(_ names: [String], trackerOptions: [String] = []) throws {
    let users = try names.map { try #require(UserName($0)) }
    story = Story()
    let story = story
    mint = CertificateMint(
      authority: try story.enrol(users, withPasswords: { _ in .cheap }) { "password of \($0)" })
    story.startTracker(options: trackerOptions)
    people = names.map { story.person($0) }
    for person in people { person.succeeds("login", person.name, person.password) }
    people[0].succeeds("create_group", "team")
    for person in people.dropFirst() {
      person.succeeds("join_group", "team")
      people[0].succeeds("accept_request", "team", person.name)
    }
  }

  subscript(_ index: Int) -> Person { people[index] }

  /// The group, as the protocol names it.
  var id: GroupID {
    get throws {
      let user = try #require(UserName(people[0].name))
      let visitor = try Visitor(to: story.ports[0], as: mint.credential(user))
      defer { visitor.leave() }
      let name = try #require(GroupName("team"))
      return try #require(try visitor.id(of: name))
    }
  }
}

// Files.
extension Team {
  func path(_ name: String) -> String { story.scratch.path + "/" + name }

  /// A file that nobody has seen before.
  func makeFile(_ name: String, bytes: Int) {
    let key = String(UInt64.random(in: 1 ... .max), radix: 16)
    let script =
      "openssl enc -aes-128-ctr -pbkdf2 -nosalt -pass pass:\(key) </dev/zero 2>/dev/null | head -c \(bytes) >\"$0\""
    let outcome = Child("/bin/sh", ["-c", script, path(name)]).finish()
    #expect(outcome.exit == 0, "\(outcome)")
  }

  func isSame(_ one: String, _ other: String) -> Bool {
    Child("/usr/bin/cmp", [path(one), path(other)]).finish().exit == 0
  }

  func contents(_ name: String) -> Data? { FileManager.default.contents(atPath: path(name)) }
}

/// What `status --json` says of a daemon.
struct DaemonStatus {
  struct Fetched: Equatable {
    let received: Int
    let kept: Int
    let twice: Int
    let thrown: Int
  }

  let sent: Int
  let fetched: Fetched
  /// Bytes that are here, by the label of what is under way.
  let transfers: [String: Int]
  let listening: String
  let peers: Int

  init?(_ text: String) {
    guard let json = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
      let daemon = json["daemon"] as? [String: Any], let sent = daemon["sent"] as? Int,
      let fetched = daemon["fetched"] as? [String: Int], let listening = daemon["listening"] as? String,
      let transfers = daemon["transfers"] as? [[String: Any]], let peers = daemon["peers"] as? Int
    else { return nil }
    self.sent = sent
    self.listening = listening
    self.peers = peers
    self.fetched = Fetched(
      received: fetched["received"] ?? -1, kept: fetched["kept"] ?? -1, twice: fetched["twice"] ?? -1,
      thrown: fetched["thrown"] ?? -1)
    self.transfers = transfers.reduce(into: [:]) { all, transfer in
      if let file = transfer["file"] as? String { all[file] = transfer["done"] as? Int }
    }
  }
}

extension Person {
  var status: DaemonStatus {
    get throws { try #require(DaemonStatus(run(["status", "--json"]).output)) }
  }

  /// Where its daemon listens.
  var address: SocketAddress {
    get throws {
      let port = try #require(UInt16(status.listening.split(separator: ":").last ?? ""))
      return SocketAddress(ip: [127, 0, 0, 1], port: port)
    }
  }

  /// Bytes that it has received from each other member, over the lines that stand.
  func receivedFrom() -> [String: Int] {
    succeeds("peers").reduce(into: [:]) { all, line in
      let fields = line.split(separator: " ")
      if fields.count == 4 { all[String(fields[0]), default: 0] += Int(fields[3]) ?? 0 }
    }
  }

  /// A download that goes on while the story does.
  func begins(_ file: String, to destination: String, in group: String = "team") -> Child {
    start(["download_file", group, file, destination])
  }

  /// Waits until so much of a download is here.
  func waits(forBytes bytes: Int, of file: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let deadline = Date(timeIntervalSinceNow: 30)
    while try (status.transfers[file] ?? 0) < bytes {
      guard Date() < deadline else {
        Issue.record(
          "\(name) has \(try status.transfers) and not \(bytes) of \(file)", sourceLocation: sourceLocation)
        return
      }
      usleep(10_000)
    }
  }
}

extension Child {
  /// As a machine that loses its power, but for what the kernel still writes.
  func isKilled() {
    signal(SIGKILL)
    wait()
  }
}
