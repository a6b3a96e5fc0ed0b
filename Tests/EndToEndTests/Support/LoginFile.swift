// A saved login as it lies in a state directory, taken apart and put together again; and certificates that the
// network's own authority might have issued at another time.

import Foundation
import GroupModel

struct LoginFile {
  private let path: String
  private let text: String

  init(of person: Person) throws {
    path = person.state + "/login"
    text = try String(contentsOfFile: path, encoding: .utf8)
  }

  var certificate: Certificate {
    get throws { try Certificate(pem: Array(part("certificate.pem").utf8)) }
  }

  func part(_ name: String) -> String {
    let (count, start) = place(of: name)
    return String(decoding: text.utf8.dropFirst(start).prefix(count), as: UTF8.self)
  }

  /// Saves it with another certificate, for the same key and login, of that time.
  func replaceCertificate(issuedBy authority: Authority, at start: Int64, forSeconds lifetime: Int64) throws {
    guard case .member(let user, let generation, let lineage) = try certificate.holder else {
      preconditionFailure("a login's certificate is a member's")
    }
    let request = try CertificateRequest(signedBy: KeyPair(pem: Array(part("key.pem").utf8)))
    let certificate = try authority.issueMember(
      user: user, generation: generation, lineage: lineage, request: request, now: start,
      lifetimeSeconds: lifetime)
    let (count, begin) = place(of: "certificate.pem")
    let pem = String(decoding: try certificate.pem(), as: UTF8.self)
    let bytes = Array(text.utf8)
    let before = String(decoding: bytes[..<begin], as: UTF8.self)
      .replacing("part certificate.pem \(count)\n", with: "part certificate.pem \(pem.utf8.count)\n")
    let whole = before + pem + String(decoding: bytes[(begin + count)...], as: UTF8.self)
    try whole.write(toFile: path, atomically: false, encoding: .utf8)
  }

  /// How long the part is, and where it begins.
  private func place(of name: String) -> (count: Int, start: Int) {
    let mark = "part \(name) "
    let line = text.range(of: mark)!
    let end = text[line.upperBound...].firstIndex(of: "\n")!
    return (Int(text[line.upperBound..<end])!, text.utf8.distance(from: text.startIndex, to: end) + 1)
  }
}

extension Story {
  /// The network's authority with its private key, from the trackers' data directory.
  func authorityWithKey() throws -> Authority {
    let pem = try String(contentsOfFile: data + "/authority.pem", encoding: .utf8)
    let cut = pem.range(of: "-----BEGIN CERTIFICATE-----")!.lowerBound
    return try Authority(keyPEM: Array(pem[..<cut].utf8), certificatePEM: Array(pem[cut...].utf8))
  }
}
