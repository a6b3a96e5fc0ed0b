// What is no TLS 1.3 with our protocol in it does not become a line.

import Glibc
import GroupModel
import Testing
import Visitors

@testable import Link

@Suite struct HandshakeTests {
  let network: TestNetwork

  init() throws { network = try TestNetwork() }

  private func expectRefusal(_ prepare: (RawClient) -> Void) throws {
    let server = try TestServer(network)
    let raw = try RawClient(to: server.address)
    prepare(raw)
    _ = raw.shakeHands()
    try server.record.wait(for: "its end") { !$0.ends.isEmpty }
    #expect(server.record.now.opened == 0)
    guard case .handshakeFailed = server.record.now.end else {
      Issue.record("\(server.record.now.ends)")
      return
    }
    #expect(raw.waitUntilClosed())
  }

  @Test func `TLS 1.2 is refused`() throws { try expectRefusal { $0.speakTLS12() } }

  @Test func `who names no protocol is refused`() throws { try expectRefusal { $0.speak(nil) } }

  @Test(arguments: ["h2", "p2pfs-tracker/2", "p2pfs-tracker/", "p2pfs-tracker/1x"])
  func `who names another protocol is refused`(name: String) throws { try expectRefusal { $0.speak(name) } }

  @Test func `plain text is refused at its first byte`() throws {
    let server = try TestServer(network)
    let raw = try RawClient(to: server.address)
    raw.sendPlain([UInt8(ascii: "G")])
    #expect(raw.waitUntilClosed())
    try server.record.wait(for: "its end") { $0.ends == [.handshakeFailed("it does not speak TLS")] }
  }

  @Test func `who goes away in the middle of a handshake is lost, and has said nothing wrong`() throws {
    let server = try TestServer(network)
    for count in [1, 5, 100] {
      let raw = try RawClient(to: server.address)
      raw.sendPlain(Array(Visitor.clientHello().prefix(count)))
      raw.hangUp()
    }
    let whole = try RawClient(to: server.address)
    whole.sendPlain(Visitor.clientHello())
    whole.hangUp()
    try server.record.wait(for: "their ends") { $0.ends.count == 4 }
    for end in server.record.now.ends {
      guard case .lost = end else { Issue.record("\(end)"); continue }
    }
  }

  @Test func `our own client refuses a server of another protocol`() throws {
    let port = try ListeningPort(at: .loopback4)
    try port.open()
    let client = try TestClient(to: port.address, network.clientContext())
    // Speaks, but no TLS.
    let accepted = accept(port.socket.descriptor, nil, nil)
    defer { close(accepted) }
    let words = Array("220 mail.example ESMTP\r\n".utf8)
    send(accepted, words, words.count, 0)
    guard case .handshakeFailed = try client.waitForEnd() else {
      Issue.record("\(client.record.now.ends)")
      return
    }
  }

  /// What `openssl s_client` says to our server.
  private func askOpenSSL(_ server: TestServer, _ options: String) throws -> String {
    let command =
      "openssl s_client -connect \(server.address) -alpn p2pfs-tracker/1 \(options) </dev/null 2>&1"
    let pipe = try #require(popen(command, "r"))
    defer { pclose(pipe) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
    return String(decoding: output, as: UTF8.self)
  }

  @Test func `openssl's client is served, and gets no ticket to resume with`() throws {
    let server = try TestServer(network)
    let said = try askOpenSSL(server, "")
    #expect(said.contains("New, TLSv1.3, Cipher is TLS_"))
    #expect(said.contains("ALPN protocol: p2pfs-tracker/1"))
    #expect(!said.contains("Post-Handshake New Session Ticket"))
    #expect(said.contains("Early data was not sent"))
    #expect(!said.contains("compression: zlib"))
  }

  @Test func `a session that is offered again is not resumed, and early data is not taken`() throws {
    let server = try TestServer(network)
    let session = "/tmp/p2pfs-link-session-\(getpid())"
    defer { unlink(session) }
    _ = try askOpenSSL(server, "-sess_out \(session)")
    let said = try askOpenSSL(server, "-sess_in \(session) -early_data /etc/hostname")
    #expect(!said.contains("Reused, TLS"))
    #expect(!said.contains("Early data was accepted"))
  }

  @Test(arguments: ["-tls1_2", "-tls1_1", "-tls1_2 -cipher NULL:aNULL:@SECLEVEL=0"])
  func `openssl's client of old times is refused`(options: String) throws {
    let server = try TestServer(network)
    let said = try askOpenSSL(server, options)
    #expect(!said.contains("New, TLSv1"))
    #expect(server.record.now.opened == 0)
  }

  @Test func `nothing of the network's people stands in what is sent in the clear`() throws {
    let server = try TestServer(network)
    let said = try askOpenSSL(server, "-msg")
    #expect(!said.contains("server_name"))
  }
}
