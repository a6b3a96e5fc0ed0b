// A password as the tracker keeps it: salted, and dear to guess (scrypt). One attempt takes some tenths
// of a second and `cost.memoryBytes`; how many may run at once is for the caller to bound.

import COpenSSL

/// What one attempt at a password costs. It stands in each hash, so that it can be raised later.
package struct ScryptCost: Equatable, Sendable {
  package let log2N: UInt8
  package let r: UInt8
  package let p: UInt8

  /// OWASP's recommendation: N = 2^17, r = 8, p = 1.
  package static let production = ScryptCost(checkedLog2N: 17, r: 8, p: 1)

  /// What a damaged database may make the tracker spend on one login.
  package static let memoryBytesMax = 512 << 20

  package init?(log2N: UInt8, r: UInt8, p: UInt8) {
    guard (1...22).contains(log2N), (1...32).contains(r), (1...16).contains(p) else { return nil }
    self.init(checkedLog2N: log2N, r: r, p: p)
    guard memoryBytes <= Self.memoryBytesMax else { return nil }
  }

  private init(checkedLog2N log2N: UInt8, r: UInt8, p: UInt8) {
    self.log2N = log2N
    self.r = r
    self.p = p
  }

  /// What scrypt's table and its working blocks take.
  package var memoryBytes: Int { 128 * Int(r) * (1 << Int(log2N) + Int(p) + 2) }
}

/// `==` is not in constant time: it is for hashes that are known already. A password is tried by `matches`.
package struct PasswordHash: Equatable, Sendable {
  package static let passwordBytes = 1...1024
  private static let saltBytes = 16
  private static let keyBytes = 32

  package let cost: ScryptCost
  private let salt: [UInt8]
  private let key: [UInt8]

  /// A login under a name that nobody has is tried against this, so that it takes as long as any other.
  /// No password is known whose key is all zeros; the caller refuses whatever the answer is.
  package static let decoy = PasswordHash(
    cost: .production, salt: [UInt8](repeating: 0, count: saltBytes),
    key: [UInt8](repeating: 0, count: keyBytes))

  package static func make(
    password: RawSpan, cost: ScryptCost = .production
  ) throws(SealError) -> PasswordHash {
    guard passwordBytes.contains(password.byteCount) else { throw .passwordLength }
    let salt = try randomBytes(saltBytes)
    return PasswordHash(cost: cost, salt: salt, key: try key(of: password, salt: salt, cost: cost))
  }

  /// Takes the same time whatever the answer. Throws when there is no memory for an attempt: that is no
  /// wrong password, and must not be told or counted as one.
  package func matches(_ password: RawSpan) throws(SealError) -> Bool {
    guard Self.passwordBytes.contains(password.byteCount) else { return false }
    var tried = try Self.key(of: password, salt: salt, cost: cost)
    defer { wipe(&tried) }
    return CRYPTO_memcmp(tried, key, Self.keyBytes) == 0
  }

  private static func key(
    of password: RawSpan, salt: [UInt8], cost: ScryptCost
  ) throws(SealError) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: keyBytes)
    markErrors()
    defer { forgetErrors() }
    let answer = password.withUnsafeBytes { password in
      EVP_PBE_scrypt(
        password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count,
        1 << UInt64(cost.log2N), UInt64(cost.r), UInt64(cost.p),
        // OpenSSL's own limit is 32 MiB, and counts a few blocks more than the table.
        UInt64(cost.memoryBytes) + 65_536, &key, keyBytes)
    }
    try require(answer)
    return key
  }
}

// The text form, `scrypt$17$8$1$<salt>$<key>`, as it stands in the tracker's database.
extension PasswordHash {
  package var encoded: String {
    "scrypt$\(cost.log2N)$\(cost.r)$\(cost.p)$\(Hex.text(salt))$\(Hex.text(key))"
  }

  /// Reads what `encoded` writes, and nothing else: no other spelling of a number, no capitals.
  package init?(encoded text: String) {
    guard text.utf8.count <= 128 else { return nil }
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "scrypt",
      let log2N = UInt8(parts[1]), let r = UInt8(parts[2]), let p = UInt8(parts[3]),
      let cost = ScryptCost(log2N: log2N, r: r, p: p),
      let salt = Hex.bytes(parts[4]), salt.count == Self.saltBytes,
      let key = Hex.bytes(parts[5]), key.count == Self.keyBytes
    else { return nil }
    self.init(cost: cost, salt: salt, key: key)
    guard encoded.utf8.elementsEqual(text.utf8) else { return nil }
  }
}
