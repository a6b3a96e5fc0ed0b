// PEM text in and out of OpenSSL, in memory: files are opened elsewhere.

import COpenSSL

let pemBytesMax = 8192

/// What `write` puts into a BIO. OpenSSL wipes the BIO's own memory when it is freed.
func pemText(_ write: (OpaquePointer) -> Int32) throws(SealError) -> [UInt8] {
  let bio = try Owned(BIO_new(BIO_s_mem()), { BIO_free($0) })
  try require(write(bio.pointer))
  return [UInt8](unsafeUninitializedCapacity: BIO_ctrl_pending(bio.pointer)) { buffer, count in
    count = Int(max(0, BIO_read(bio.pointer, buffer.baseAddress, Int32(buffer.count))))
  }
}

/// What `read` finds in `pem`, if it is all that stands there.
func decoded(
  pem: [UInt8], by read: (OpaquePointer) -> OpaquePointer?, release: @escaping (OpaquePointer?) -> Void
) throws(SealError) -> Owned {
  guard pem.count <= pemBytesMax else { throw .tooLong }
  var left = 0
  let pointer = pem.withUnsafeBytes { bytes -> OpaquePointer? in
    guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
    defer { BIO_free(bio) }
    let pointer = read(bio)
    left = BIO_ctrl_pending(bio)
    return pointer
  }
  guard let pointer else { throw .malformed }
  let owned = try Owned(pointer, release)
  guard left == 0 else { throw .malformed }
  return owned
}

/// Without this OpenSSL would ask at the terminal for the password of an encrypted PEM.
let noPassword:
  @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 =
    { _, _, _, _ in -1 }
