// Who is believed to be whom, at both ends.

import GroupModel
import Testing
import Visitors

@testable import Link

@Suite struct TrustTests {
  let network: TestNetwork
  let others: TestNetwork

  init() throws {
    network = try TestNetwork()
    others = try TestNetwork()
  }

  @Test func `each end knows who the other is`() throws {
    let server = try TestServer(network)
    let client = try TestClient(to: server, network, as: network.member("alice"))
    let alice = Holder.member(user: try #require(UserName("alice")), generation: 1, lineage: 7)
    try server.record.wait(for: "the line") { $0.holders == [alice] }
    #expect(client.onLoop { $0.holder } == .tracker)
  }

  @Test func `a client without a certificate is served as nobody`() throws {
    let server = try TestServer(network)
    let client = try TestClient(to: server, network)
    #expect(client.ask(1, [1]).body == [1])
    #expect(server.record.now.holders == [nil])
  }

  @Test func `at first sight the authority is taken, and can be had once to be pinned`() throws {
    let server = try TestServer(network)
    let client = try TestClient(to: server.address, network.clientContext(trusting: .nothingYet))
    try client.waitUntilOpen()
    #expect(client.onLoop { $0.takeAuthority() } == network.authority.certificate)
    #expect(client.onLoop { $0.takeAuthority() } == nil)
  }

  @Test func `a pinned fingerprint admits its authority and no other`() throws {
    let server = try TestServer(network)
    let right = Pin.fingerprint(network.authority.certificate.fingerprint)
    try TestClient(to: server.address, network.clientContext(trusting: right)).waitUntilOpen()
    let wrong = Pin.fingerprint(others.authority.certificate.fingerprint)
    let client = try TestClient(to: server.address, network.clientContext(trusting: wrong))
    #expect(try client.waitForEnd() == .otherAuthority(seen: network.authority.certificate.fingerprint))
  }

  @Test func `a tracker of another network is refused before it hears a word`() throws {
    let server = try TestServer(others)
    let client = try TestClient(to: server.address, network.clientContext(as: network.member("alice")))
    #expect(try client.waitForEnd() == .otherAuthority(seen: others.authority.certificate.fingerprint))
    try server.record.wait(for: "its end") { !$0.ends.isEmpty }
    #expect(server.record.now.opened == 0)
    #expect(server.record.now.end == .turnedAway(.unknownAuthority))
  }

  @Test func `a tracker that another authority has certified under our authority's name is refused`() throws {
    let key = try KeyPair.generate()
    let forged = Credential(
      key: key, certificate: try others.authority.issueTracker(publicKey: key.publicKey),
      authority: network.authority.certificate)
    let context = try #require(TLSContext(.server, speaking: .tracker, as: forged, trusting: network.pin))
    let server = try TestServer(context)
    let client = try TestClient(to: server.address, network.clientContext())
    #expect(try client.waitForEnd() == .untrusted(.notSignedByAuthority))
  }

  /// How the client learns that it was turned away: the handshake is over for it by then.
  private func turnedAway(_ credential: Credential) throws -> (LineEnd, LineEnd?) {
    let server = try TestServer(network)
    let client = try TestClient(to: server.address, network.clientContext(as: credential)) { party in
      party.whenOpened = { line in line.ask(1, [UInt8](repeating: 1, count: 4000), within: 30_000) { _ in } }
    }
    let told = try client.waitForEnd()
    try server.record.wait(for: "its end") { !$0.ends.isEmpty }
    #expect(server.record.now.opened == 0 && server.record.now.asked == 0)
    return (told, server.record.now.end)
  }

  @Test func `a member whose certificate has expired is told so`() throws {
    let expired = try network.member("alice", now: secondsSince1970() - 3 * 86_400)
    for _ in 0..<20 {
      let (told, end) = try turnedAway(expired)
      #expect(told == .turnedAway(.expired))
      #expect(end == .untrusted(.expired))
    }
  }

  @Test func `a member of another network is told so`() throws {
    let (told, end) = try turnedAway(others.member("mallory"))
    #expect(told == .turnedAway(.unknownAuthority))
    #expect(end == .untrusted(.notSignedByAuthority))
  }

  @Test func `a certificate of the future is refused`() throws {
    let (told, end) = try turnedAway(network.member("alice", now: secondsSince1970() + 86_400))
    #expect(end == .untrusted(.notYetValid))
    guard case .turnedAway = told else {
      Issue.record("\(told)")
      return
    }
  }

  @Test func `nobody plays the tracker with a member's certificate`() throws {
    let member = try network.member("mallory")
    let credential = Credential(
      key: member.key, certificate: member.certificate, authority: network.authority.certificate)
    let context = try #require(TLSContext(.server, speaking: .tracker, as: credential, trusting: network.pin))
    let server = try TestServer(context)
    let client = try TestClient(to: server.address, network.clientContext())
    #expect(try client.waitForEnd() == .untrusted(.unfit))
  }

  @Test func `a key and a certificate that do not belong together make no context`() throws {
    let (one, other) = (try network.member("alice"), try network.member("bob"))
    let mixed = Credential(key: one.key, certificate: other.certificate)
    #expect(TLSContext(.client, speaking: .tracker, as: mixed, trusting: network.pin) == nil)
  }

  @Test func `many who are turned away at once are all told why`() throws {
    let server = try TestServer(network)
    let expired = try network.clientContext(as: network.member("alice", now: secondsSince1970() - 3 * 86_400))
    let loop = EventLoop(name: "clients")
    loop.start()
    defer { loop.stop() }
    let record = Awaitable(Record())
    let address = server.address
    onThread(of: loop) {
      for _ in 0..<100 {
        let party = TestParty(noting: record)
        party.whenOpened = { line in for _ in 0..<5 { line.push(1, [UInt8](repeating: 0, count: 8000)) } }
        _ = try? Connection.connect(to: address, on: loop, expired, for: party)
      }
    }
    let ends = try record.wait(for: "all ends") { $0.ends.count == 100 }.ends
    #expect(Set(ends.map(\.description)) == [LineEnd.turnedAway(.expired).description])
  }
}
