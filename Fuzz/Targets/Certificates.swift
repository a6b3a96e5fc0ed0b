// Certificates as the other end of a line sends them, and requests for one as members send them.

import GroupModel

private let authority = try! Authority.make(now: 1_800_000_000)

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 0 else { return 0 }
  let body = Array(data.array(count).dropFirst())
  switch data[0] % 4 {
  case 0: checkCertificate(body)
  case 1: checkRequest(body)
  case 2: if let certificate = try? Certificate(pem: body) { checkCertificate(certificate.der) }
  default: if let key = try? KeyPair(pem: body) { require((try? key.pem()) != nil, "a key is written") }
  }
  return 0
}

private func checkCertificate(_ der: [UInt8]) {
  guard let certificate = try? Certificate(der: der) else { return }
  requireSame(certificate.der, der)
  require(certificate.serial.count == 20, "a serial number of 20 bytes")
  for pin in [Pin.nothingYet, .certificate(authority.certificate), .fingerprint(certificate.fingerprint)] {
    for chain in [[], [certificate], [authority.certificate]] {
      let trusted = try? holder(of: certificate, sentWith: chain, trusting: pin, at: 1_800_000_000)
      require(trusted?.authority != authority.certificate, "no forged certificate is believed")
    }
  }
}

private func checkRequest(_ der: [UInt8]) {
  guard let request = try? CertificateRequest(der: der) else { return }
  requireSame(request.der, der)
  let user = UserName("alice")!
  let issued = try? authority.issueMember(
    user: user, generation: 1, lineage: 1, request: request, now: 1_800_000_000)
  require(issued?.publicKey == request.publicKey, "who asks well gets a certificate for his key")
}
