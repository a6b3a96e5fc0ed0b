// `status`: who I am, how long that lasts, and which trackers answer. And the login that renews itself.

import Foundation
import GroupModel
import Testing

extension OneNetwork {
  @Suite struct StatusStories {
    private struct Told: Decodable {
      struct Login: Decodable {
        let valid: Bool
        let until: String?
      }
      struct Tracker: Decodable {
        let address: String
        let answers: Bool
        let authority: String?
        let condition: String
      }
      let user: String?
      let login: Login
      let trackers: [Tracker]
      let authority: String?
      let state: String
      let daemon: String?
    }

    private func told(_ person: Person, _ words: String...) throws -> Told {
      let outcome = person.run(["status", "--json"] + words)
      #expect(outcome.exit == 0 && outcome.lines.count == 1, "\(outcome)")
      return try JSONDecoder().decode(Told.self, from: Data(outcome.output.utf8))
    }

    @Test func `it says who I am, until when, and which trackers answer`() throws {
      let alice = network.member("alice")
      let here = "127.0.0.1:\(network.ports[0])"
      let lines = alice.succeeds("status")
      #expect(lines.first == "user alice")
      #expect(
        lines.contains { $0.wholeMatch(of: /login valid until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/) != nil })
      #expect(
        lines.suffix(4) == [
          "tracker \(here) answers", "authority \(network.authority)", "state \(alice.state)", "daemon none",
        ])

      let status = try told(alice)
      #expect(status.user == "alice" && status.login.valid && status.daemon == nil)
      #expect(status.trackers.map(\.address) == [here] && status.trackers.allSatisfy(\.answers))
      #expect(status.authority == network.authority && status.state == alice.state)
      let until = try #require(ISO8601DateFormatter().date(from: status.login.until ?? ""))
      #expect((23 * 3600...24 * 3600).contains(until.timeIntervalSinceNow.rounded()))
    }

    @Test func `it tells silent trackers and foreign ones apart, and waits for neither`() throws {
      let foreign = Story()
      foreign.startTracker()
      let deaf = try #require(DeafPort())
      let alice = network.member("alice")
      let silent = "127.0.0.1:\(Ports.free())"
      let list = network.scratch.write(
        "mixed.txt",
        "\(silent)\n127.0.0.1:\(network.ports[0])\n127.0.0.1:\(foreign.ports[0])\n127.0.0.1:\(deaf.port)\n")
      let began = Date()
      let lines = alice.succeeds("status", "--tracker", list)
      #expect(-began.timeIntervalSinceNow < 2.5)
      #expect(
        lines.filter { $0.hasPrefix("tracker") } == [
          "tracker \(silent) takes no connections: it stands by, or is not running",
          "tracker 127.0.0.1:\(network.ports[0]) answers",
          "tracker 127.0.0.1:\(foreign.ports[0]) speaks for another authority, \(foreign.authority)",
          "tracker 127.0.0.1:\(deaf.port) does not answer",
        ])
      let status = try told(alice, "--tracker", list)
      #expect(status.trackers.map(\.answers) == [false, true, false, false])
      #expect(status.trackers.map(\.authority) == [nil, nil, foreign.authority, nil])
      #expect(
        status.trackers.map(\.condition) == ["takes no connections", "answers", "other authority", "silent"])
      #expect(status.login.valid)
    }

    @Test func `of a list of thousands the first are asked`() {
      let list = network.scratch.write("thousands.txt", (1...3000).map { "127.0.0.1:\($0)\n" }.joined())
      let lines = network.member("alice").succeeds("status", "--tracker", list)
      #expect(lines.contains("tracker 127.0.0.1:1 does not answer"))
      #expect(lines.contains("tracker 127.0.0.1:3000 was not asked"))
    }

    @Test func `who is not logged in is told so`() throws {
      let nobody = network.person("nobody", at: "status")
      let lines = nobody.succeeds("status")
      #expect(lines.prefix(2) == ["user -", "login none: log in with 'p2pfs login USER'"])
      #expect(lines.contains("tracker 127.0.0.1:\(network.ports[0]) answers"))
      let status = try told(nobody)
      #expect(status.user == nil && !status.login.valid && status.login.until == nil)
      #expect(!FileManager.default.fileExists(atPath: nobody.state))
    }

    @Test func `a login that the tracker has ended is not called valid`() throws {
      let bob = network.member("bob")
      let (there, copy) = (network.person("bob", at: "status"), network.person("bob", at: "status-copy"))
      there.succeeds("login", "bob", bob.password)
      try FileManager.default.copyItem(atPath: there.state, toPath: copy.state)
      there.succeeds("logout")
      #expect(
        copy.succeeds("status").contains("login ended by the tracker: log in again with 'p2pfs login bob'"))
      #expect(try told(copy).login.valid == false)
      #expect(try told(copy).trackers.allSatisfy(\.answers))
    }

    @Test func `an expired login is refused, and status says when it ended`() throws {
      let dora = network.member("dora")
      try LoginFile(of: dora).replaceCertificate(
        issuedBy: network.authorityWithKey(), at: 1_700_000_000, forSeconds: 86_400)
      dora.fails(77, "list_groups", says: Accounts.ended)
      #expect(
        dora.succeeds("status").contains(
          "login expired 2023-11-15 22:13:20 UTC: log in again with 'p2pfs login dora'"))
      #expect(try told(dora).login.valid == false)
      dora.succeeds("logout")
      dora.succeeds("login", "dora", dora.password)
      dora.succeeds("list_groups")
    }

    @Test func `the tracker turns an expired login away, whatever the client's clock says`() throws {
      let gina = network.member("gina")
      try LoginFile(of: gina).replaceCertificate(
        issuedBy: network.authorityWithKey(), at: 1_700_000_000, forSeconds: 86_400)
      let login = try LoginFile(of: gina)
      for part in ["certificate.pem", "key.pem"] { network.scratch.write("gina-\(part)", login.part(part)) }
      let client = Child(
        "/usr/bin/openssl",
        [
          "s_client", "-connect", "127.0.0.1:\(network.ports[0])", "-tls1_3", "-alpn", "p2pfs-tracker/1",
          "-cert", "gina-certificate.pem", "-key", "gina-key.pem",
        ], directory: network.scratch.path)
      #expect(client.waitFor("alert certificate expired", on: 2), "\(client.text(2))")
      #expect(client.finish(within: 10).exit != 0)
    }

    @Test(arguments: [
      ["list_groups"], ["join_group", "no-such"], ["list_members", "no-such"],
    ])
    func `a login that is half spent is renewed by any command, and one that is not stays`(words: [String])
      throws
    {
      let emil = network.member("emil")
      let fresh = try LoginFile(of: emil).certificate
      _ = emil.run(words)
      #expect(try LoginFile(of: emil).certificate == fresh)

      let now = Int64(Date().timeIntervalSince1970)
      let authority = try network.authorityWithKey()
      try LoginFile(of: emil).replaceCertificate(issuedBy: authority, at: now - 50_000, forSeconds: 86_400)
      let old = try LoginFile(of: emil)
      _ = emil.run(words)
      let renewed = try LoginFile(of: emil)
      #expect(try renewed.certificate.notAfter > old.certificate.notAfter + 40_000)
      #expect(try renewed.certificate.holder == old.certificate.holder)
      #expect(renewed.part("key.pem") == old.part("key.pem"))
      emil.succeeds("list_groups")
    }

    @Test func `a renewal that cannot be saved does not get in the way`() throws {
      let fred = network.member("fred")
      let now = Int64(Date().timeIntervalSince1970)
      let authority = try network.authorityWithKey()
      try LoginFile(of: fred).replaceCertificate(issuedBy: authority, at: now - 50_000, forSeconds: 86_400)
      let old = try LoginFile(of: fred).certificate
      // Another command has the lock, as one has that waits for a password to be hashed.
      let holder = Child("/usr/bin/flock", [fred.state + "/lock", "sh", "-c", "echo held; exec cat"])
      #expect(holder.waitFor("held"))
      fred.succeeds("list_groups")
      #expect(try LoginFile(of: fred).certificate == old)
      #expect(holder.finish().exit == 0)
      fred.succeeds("list_groups")
      #expect(try LoginFile(of: fred).certificate != old)
    }
  }
}
