// What can be wrong with keys, certificates and passwords themselves. Whether a certificate that is
// well made is also to be believed is another question, with its own list: `TrustError`.

package enum SealError: Error, Equatable, Sendable {
  /// More bytes than anything of this kind has; they were not looked at.
  case tooLong
  /// Not the DER or PEM of what was awaited, or something follows it.
  case malformed
  /// Well made, but not as this network makes it: another curve, another algorithm, another subject.
  case foreign
  /// The signature is not by the key that it should be by.
  case badSignature
  /// A key and a certificate that do not belong together.
  case notAPair
  /// A password has 1 to 1024 bytes.
  case passwordLength
  /// OpenSSL could not: no memory, no randomness, or a value that it cannot hold.
  case refusedByOpenSSL
}
