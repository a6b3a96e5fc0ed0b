// SHA-256 over bytes that come in parts. OpenSSL's own context is the state, inline and without an
// allocation, so a copy of a running digest is a fork of it.

import COpenSSL

package struct RunningDigest: Sendable {
  private var context = SHA256_CTX()

  package init() {
    p2pfs_sha256_begin(&context)
  }

  package mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { p2pfs_sha256_update(&context, $0.baseAddress, $0.count) }
  }

  /// The hash of everything so far; the running digest has ended.
  package consuming func finish() -> Digest {
    var digest = Digest.zero
    p2pfs_sha256_end(&context, &digest)
    return digest
  }
}
