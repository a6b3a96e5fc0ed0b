// How this room speaks with OpenSSL: who frees what, where its errors go, how bytes get in and out.

import COpenSSL

/// One object of OpenSSL, with one owner: it is freed when this goes.
struct Owned: ~Copyable {
  let pointer: OpaquePointer
  private let release: (OpaquePointer?) -> Void

  init(_ pointer: OpaquePointer?, _ release: @escaping (OpaquePointer?) -> Void) throws(SealError) {
    guard let pointer else { throw .refusedByOpenSSL }
    self.pointer = pointer
    self.release = release
  }

  deinit { release(pointer) }
}

/// Each door of this room opens with `markErrors()` and `defer { forgetErrors() }`, which leaves the thread's
/// queue of OpenSSL errors as it was: what failed in here must not be taken for a failure of the next TLS
/// call on this thread, and what a TLS call left there may still be wanted.
func markErrors() { ERR_set_mark() }
func forgetErrors() { ERR_pop_to_mark() }

/// OpenSSL answers 1 for yes; no and "could not" are 0 or below.
func require(_ answer: Int32, else error: SealError = .refusedByOpenSSL) throws(SealError) {
  guard answer == 1 else { throw error }
}

/// The DER that one of OpenSSL's `i2d` functions writes.
func encoded(
  _ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws(SealError) -> [UInt8] {
  let length = write(nil)
  guard length > 0 else { throw .refusedByOpenSSL }
  return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
    var end = buffer.baseAddress
    count = Int(max(0, write(&end)))
  }
}

/// What one of OpenSSL's `d2i` functions reads, if its `i2d` writes the very same bytes again: so nothing
/// follows it, and one thing has one encoding although OpenSSL reads more generously than DER is defined.
func decoded(
  _ der: [UInt8], lengthMax: Int,
  by read: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?,
  writtenBy write: (OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32,
  release: @escaping (OpaquePointer?) -> Void
) throws(SealError) -> Owned {
  guard der.count <= lengthMax else { throw .tooLong }
  let pointer = der.withUnsafeBufferPointer { bytes in
    var end = bytes.baseAddress
    return read(&end, bytes.count)
  }
  guard let pointer else { throw .malformed }
  let owned = try Owned(pointer, release)
  guard try encoded({ write(pointer, $0) }) == der else { throw .malformed }
  return owned
}

func randomBytes(_ count: Int) throws(SealError) -> [UInt8] {
  markErrors()
  defer { forgetErrors() }
  var bytes = [UInt8](repeating: 0, count: count)
  try require(RAND_bytes(&bytes, Int32(count)))
  return bytes
}

/// Overwrites a secret that is no longer needed; the compiler may not leave it out. It reaches this array
/// only: who has assigned it to another variable has two.
package func wipe(_ secret: inout [UInt8]) {
  secret.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
}
