// A stolen database tells no password, and the time of a login tells nobody whether a user exists.

import Glibc
import Testing

@testable import GroupModel

private let cheap = ScryptCost(log2N: 4, r: 8, p: 1)!

private func hash(_ password: String) throws -> PasswordHash {
  try PasswordHash.make(password: Array(password.utf8).span.bytes, cost: cheap)
}

private func matches(_ hash: PasswordHash, _ password: String) throws -> Bool {
  try hash.matches(Array(password.utf8).span.bytes)
}

/// Of this thread alone: what else the machine does makes no difference.
private func processorSeconds(_ work: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  let start = now()
  try work()
  return now() - start
}

@Suite struct SealPasswordTests {
  @Test(arguments: ["x", "correct horse", "Grüße 🐎", "a\0b", String(repeating: "p", count: 1024)])
  func `a password opens its own hash`(password: String) throws {
    #expect(try matches(try hash(password), password))
  }

  @Test(arguments: ["", "secre", "secret ", "Secret", "\0secret", String(repeating: "s", count: 1025)])
  func `another password does not`(password: String) throws {
    #expect(try !matches(try hash("secret"), password))
  }

  @Test func `two users with one password have different hashes`() throws {
    let alice = try hash("secret")
    let bob = try hash("secret")
    #expect(alice != bob)
    #expect(alice.encoded.split(separator: "$")[4] != bob.encoded.split(separator: "$")[4])
    #expect(alice.encoded.split(separator: "$")[5] != bob.encoded.split(separator: "$")[5])
  }

  @Test(arguments: ["", String(repeating: "p", count: 1025)])
  func `no hash is made of an empty or an endless password`(password: String) {
    #expect(throws: SealError.passwordLength) { _ = try hash(password) }
  }

  @Test func `the text form comes back as the same hash`() throws {
    let hash = try hash("secret")
    let read = try #require(PasswordHash(encoded: hash.encoded))
    #expect(read == hash)
    #expect(try matches(read, "secret"))
    #expect(!hash.encoded.contains("secret"))
  }

  @Test func `a hash that Python's hashlib made opens`() throws {
    let key = "3806bcbcc26ea30bf5efc67f0b16014f8bc8694e056cd9bfb603865e87bce8cc"
    let text = "scrypt$10$8$2$000102030405060708090a0b0c0d0e0f$" + key
    let hash = try #require(PasswordHash(encoded: text))
    #expect(hash.encoded == text)
    #expect(try matches(hash, "Grüße"))
    #expect(try !matches(hash, "Grusse"))
  }

  static let salt = "000102030405060708090a0b0c0d0e0f"
  static let key = "3806bcbcc26ea30bf5efc67f0b16014f8bc8694e056cd9bfb603865e87bce8cc"

  @Test(arguments: [
    "", "$", "$$$$$", "scrypt", "scrypt$10$8$2", "scrypt$10$8$2$\(salt)", "scrypt$10$8$2$$\(key)",
    "scrypt$10$8$2$\(salt)$", "bcrypt$10$8$2$\(salt)$\(key)", "Scrypt$10$8$2$\(salt)$\(key)",
    "scrypt$010$8$2$\(salt)$\(key)", "scrypt$+10$8$2$\(salt)$\(key)", "scrypt$ 10$8$2$\(salt)$\(key)",
    "scrypt$-10$8$2$\(salt)$\(key)", "scrypt$1e1$8$2$\(salt)$\(key)", "scrypt$10$8$2$\(salt)$\(key)$",
    "scrypt$10$8$2$\(salt)$\(key)\n", " scrypt$10$8$2$\(salt)$\(key)", "scrypt$10$8$2$\(salt)00$\(key)",
    "scrypt$10$8$2$\(salt.dropLast(2))$\(key)", "scrypt$10$8$2$\(salt)$\(key.dropLast())",
    "scrypt$10$8$2$\(salt.uppercased())$\(key)", "scrypt$10$8$2$\(salt.dropLast())g$\(key)",
    "scrypt$10$8$2$\(salt)$\(key)\u{301}", "scrypt$10$8$2$$\(salt)$\(key)",
  ])
  func `any other text is no hash`(text: String) {
    #expect(PasswordHash(encoded: text) == nil)
  }

  @Test(arguments: ["0$8$1", "10$0$1", "10$8$0", "30$8$1", "22$8$1", "10$33$1", "10$8$17", "255$255$255"])
  func `a hash that would cost all memory is not taken`(cost: String) {
    #expect(PasswordHash(encoded: "scrypt$\(cost)$\(Self.salt)$\(Self.key)") == nil)
  }

  @Test func `production costs what OWASP asks for`() {
    #expect(PasswordHash.decoy.encoded.hasPrefix("scrypt$17$8$1$"))
    #expect(ScryptCost.production == ScryptCost(log2N: 17, r: 8, p: 1))
    #expect(ScryptCost.production.memoryBytes >> 20 == 128)
  }

  @Test func `an unknown user's login costs what a real one costs`() throws {
    let real = try PasswordHash.make(password: Array("secret".utf8).span.bytes)
    let realSeconds = try processorSeconds { _ = try matches(real, "another") }
    let decoySeconds = try processorSeconds { _ = try matches(.decoy, "another") }
    #expect((0.2...5).contains(decoySeconds / realSeconds), "\(decoySeconds) s, \(realSeconds) s")
  }

  @Test func `a wiped secret is gone`() {
    var secret = Array("secret".utf8)
    wipe(&secret)
    #expect(secret == [0, 0, 0, 0, 0, 0])
  }
}
