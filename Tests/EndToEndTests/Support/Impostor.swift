// Somebody who listens where a tracker should, with certificates of the right form under an authority of his own, and
// writes down whatever he is told: `openssl s_server`.

import Foundation
import GroupModel
import Testing

final class Impostor {
  let authority: String
  private let child: Child
  private let scratch = Scratch()

  init(at port: UInt16) throws {
    let now = Int64(Date().timeIntervalSince1970)
    let (own, key) = (try Authority.make(now: now), try KeyPair.generate())
    authority = own.certificate.fingerprint.description
    let files = try [
      "key.pem": key.pem(), "leaf.pem": own.issueTracker(publicKey: key.publicKey).pem(),
      "authority.pem": own.certificate.pem(),
    ]
    for (name, pem) in files { scratch.write(name, String(decoding: pem, as: UTF8.self)) }
    child = Child(
      "/usr/bin/openssl",
      [
        "s_server", "-accept", "127.0.0.1:\(port)", "-tls1_3", "-alpn", "p2pfs-tracker/1", "-key", "key.pem",
        "-cert", "leaf.pem", "-cert_chain", "authority.pem",
      ], directory: scratch.path)
    #expect(child.waitFor("ACCEPT"), "openssl does not listen: \(child.text(2))")
  }

  /// Everything that it was sent, and what openssl says around it.
  var heard: String { child.text(1) + child.text(2) }

  func hears(_ text: String) -> Bool { child.waitFor(text) }

  deinit {
    child.signal(SIGKILL)
    child.wait()
  }
}
