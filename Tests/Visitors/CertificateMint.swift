// Certificates for tests: made with the authority's key out of a tracker's data directory, so that a thousand people
// need not hash a thousand passwords first. The tracker checks them as it checks all others.

package import GroupModel
import Glibc
package import Link

package struct CertificateMint: Sendable {
  package let authority: Authority

  package init(authority: Authority) { self.authority = authority }

  package init(dataDirectory: String) throws {
    let pem = contents(of: dataDirectory + "/authority.pem")
    let mark = Array("-----BEGIN CERTIFICATE-----".utf8)
    let cut = pem.indices.first { pem[$0...].starts(with: mark) } ?? pem.endIndex
    authority = try Authority(keyPEM: Array(pem[..<cut]), certificatePEM: Array(pem[cut...]))
  }

  package func credential(
    _ user: UserName, generation: UInt32 = 1, lineage: UInt64 = .random(in: 1 ... .max),
    now: Int64 = secondsSince1970()
  ) throws -> Credential {
    let key = try KeyPair.generate()
    let certificate = try authority.issueMember(
      user: user, generation: generation, lineage: lineage, request: CertificateRequest(signedBy: key),
      now: now
    )
    return Credential(key: key, certificate: certificate)
  }
}

package func contents(of path: String) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return [] }
  defer { close(descriptor) }
  var all: [UInt8] = []
  var bytes = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return all }
    all.append(contentsOf: bytes[..<count])
  }
}
