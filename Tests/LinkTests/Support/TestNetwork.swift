// A network with an authority, a tracker and people, made anew for each test: real keys, real certificates.

import GroupModel
import Testing

@testable import Link

struct TestNetwork {
  let authority: Authority

  init() throws { authority = try Authority.make(now: secondsSince1970()) }

  /// As the tracker shows it: its authority's certificate goes along.
  func tracker() throws -> Credential {
    let key = try KeyPair.generate()
    let certificate = try authority.issueTracker(publicKey: key.publicKey)
    return Credential(key: key, certificate: certificate, authority: authority.certificate)
  }

  func member(_ name: String, now: Int64 = secondsSince1970()) throws -> Credential {
    let key = try KeyPair.generate()
    let user = try #require(UserName(name))
    let certificate = try authority.issueMember(
      user: user, generation: 1, lineage: 7, request: CertificateRequest(signedBy: key), now: now)
    return Credential(key: key, certificate: certificate)
  }

  var pin: Pin { .certificate(authority.certificate) }

  func serverContext() throws -> TLSContext {
    try #require(TLSContext(.server, speaking: .tracker, as: tracker(), trusting: pin))
  }

  func clientContext(as credential: Credential? = nil, trusting pin: Pin? = nil) throws -> TLSContext {
    try #require(TLSContext(.client, speaking: .tracker, as: credential, trusting: pin ?? self.pin))
  }
}

extension SocketAddress {
  static let loopback4 = SocketAddress(ip: [127, 0, 0, 1], port: 0)
  static let loopback6 = SocketAddress(ip: [UInt8](repeating: 0, count: 15) + [1], port: 0)
}
