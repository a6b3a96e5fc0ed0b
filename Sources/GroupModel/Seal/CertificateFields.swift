// Reads what stands in an X509 and refuses what the authority would not have written there, so that no
// other code has to think of the hundred other things that a certificate can be.

import COpenSSL
import Glibc

struct CertificateFields {
  let x509: OpaquePointer

  /// First and last second, since 1970.
  func validity() throws(SealError) -> (notBefore: Int64, notAfter: Int64) {
    (try seconds(X509_get0_notBefore(x509)), try seconds(X509_get0_notAfter(x509)))
  }

  private func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(SealError) -> Int64 {
    // OpenSSL takes no time at all for "now".
    guard let time else { throw .malformed }
    var parts = tm()
    try require(ASN1_TIME_to_tm(time, &parts), else: .malformed)
    return Int64(timegm(&parts))
  }

  func serialNumber() throws(SealError) -> SerialNumber {
    // A negative number has a type of its own.
    guard let number = X509_get0_serialNumber(x509)?.pointee, number.type == V_ASN1_INTEGER else {
      throw .foreign
    }
    let bytes = [UInt8](UnsafeBufferPointer(start: number.data, count: Int(number.length)))
    guard let serial = SerialNumber(bytes: bytes) else { throw .foreign }
    return serial
  }

  func holder(_ serial: SerialNumber) throws(SealError) -> Holder {
    guard let subject = DistinguishedName(X509_get_subject_name(x509)),
      let holder = Holder(subject: subject, serial: serial)
    else { throw .foreign }
    return holder
  }

  /// Only the authority may issue, and it does nothing else; all others may stand at either end of a line.
  func requireForm(of holder: Holder) throws(SealError) {
    guard X509_get_version(x509) == 2, isSignedAsHere,
      DistinguishedName(X509_get_issuer_name(x509)) == Holder.authority.subject
    else { throw .foreign }
    let flags = X509_get_extension_flags(x509)
    guard flags & UInt32(EXFLAG_INVALID | EXFLAG_CRITICAL) == 0, flags & UInt32(EXFLAG_BCONS) != 0 else {
      throw .foreign
    }
    let mayIssue = flags & UInt32(EXFLAG_CA) != 0
    guard mayIssue == (holder == .authority), mayIssue ? isForIssuing : isForLines else { throw .foreign }
  }

  /// The algorithm stands in two places, only one of which the signature covers.
  private var isSignedAsHere: Bool {
    var outer: UnsafePointer<X509_ALGOR>?
    X509_get0_signature(nil, &outer, x509)
    return isECDSAWithSHA256(outer) && isECDSAWithSHA256(X509_get0_tbs_sigalg(x509))
  }

  private var isForIssuing: Bool {
    X509_get_key_usage(x509) == UInt32(KU_KEY_CERT_SIGN)
  }

  private var isForLines: Bool {
    X509_get_key_usage(x509) == UInt32(KU_DIGITAL_SIGNATURE)
      && X509_get_extended_key_usage(x509) == UInt32(XKU_SSL_SERVER | XKU_SSL_CLIENT)
  }
}
