// Where a tracker keeps what must last, and who may look at it.

import Catalog
import Glibc
import GroupModel
import Link
import Testing
import Visitors

@testable import Tracker

@Suite struct DataDirectoryTests {
  private let place = Place()
  private var path: String { place.path + "/a/b/data" }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test func `it and those above it are made for their user only`() throws {
    let data = try DataDirectory(making: path)
    _ = try data.openLock()
    _ = try data.authority()
    for made in ["/a", "/a/b", "/a/b/data"] { #expect(mode(place.path + made) == 0o700) }
    for file in ["/lock", "/authority.pem", "/ledger.sqlite"] { #expect(mode(path + file) == 0o600) }
  }

  @Test func `one that others could enter is closed to them`() throws {
    mkdir(place.path + "/open", 0o755)
    _ = try DataDirectory(making: place.path + "/open")
    #expect(mode(place.path + "/open") == 0o700)
  }

  @Test func `a file in its place is told`() throws {
    close(open(place.path + "/file", O_CREAT | O_WRONLY, 0o600))
    let error = #expect(throws: Failure.self) { try DataDirectory(making: place.path + "/file") }
    #expect(error?.exitCode == 74)
  }

  @Test func `one at a time has the lock, and whoever waits has it next`() throws {
    let data = try DataDirectory(making: path)
    let (first, second) = (try data.openLock(), try data.openLock())
    #expect(try DataDirectory.tryLock(first))
    #expect(try !DataDirectory.tryLock(second))
    let waiting = WorkerThread("waiting") { DataDirectory.waitForLock(second) }
    close(first)
    waiting.join()
    let third = try data.openLock()
    #expect(try !DataDirectory.tryLock(third))
    close(second)
    close(third)
  }

  @Test func `the authority is made once and is the same ever after`() throws {
    let data = try DataDirectory(making: path)
    let made = try data.authority().certificate.fingerprint
    #expect(try data.authority().certificate.fingerprint == made)
    #expect(try DataDirectory(making: path).authority().certificate.fingerprint == made)
    #expect(access(path + "/authority.pem.new", F_OK) != 0)
  }

  @Test func `what a crash left beside it is no authority`() throws {
    let data = try DataDirectory(making: path)
    write("half of a key", to: path + "/authority.pem.new")
    let made = try data.authority().certificate.fingerprint
    #expect(try data.authority().certificate.fingerprint == made)
  }

  @Test(arguments: ["empty", "cut", "garbage", "key only", "another key", "a byte changed"])
  func `a damaged authority is told and never replaced`(damage: String) throws {
    let data = try DataDirectory(making: path)
    _ = try data.authority()
    let file = path + "/authority.pem"
    let whole = contents(of: file)
    let cut = whole.indices.first { whole[$0...].starts(with: Array("-----BEGIN CERT".utf8)) }!
    let damaged: [UInt8]
    switch damage {
    case "empty": damaged = []
    case "cut": damaged = Array(whole.prefix(whole.count / 2))
    case "garbage": damaged = Array("certainly no key".utf8)
    case "key only": damaged = Array(whole[..<cut])
    case "another key": damaged = try KeyPair.generate().pem() + whole[cut...]
    default:
      var bytes = whole
      bytes[cut + 100] = bytes[cut + 100] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      damaged = bytes
    }
    write(damaged, to: file)
    let error = #expect(throws: Failure.self) { try data.authority() }
    #expect(error?.exitCode == 74)
    #expect(contents(of: file) == damaged)
  }

  @Test func `a ledger without its authority is no first start`() throws {
    let data = try DataDirectory(making: path)
    _ = try data.authority()
    unlink(path + "/authority.pem")
    let error = #expect(throws: Failure.self) { try data.authority() }
    #expect(error?.exitCode == 74)
    #expect(access(path + "/authority.pem", F_OK) != 0)
  }

  @Test(arguments: ["missing", "empty", "without a table"])
  func `an authority without its ledger is no first start`(ledger: String) throws {
    let data = try DataDirectory(making: path)
    _ = try data.authority()
    let before = contents(of: path + "/authority.pem")
    unlink(data.ledgerPath)
    switch ledger {
    case "empty": write("", to: data.ledgerPath)
    case "without a table": _ = try Database(path: data.ledgerPath, role: .writer(durability: .powerCut))
    default: break
    }
    let error = #expect(throws: Failure.self) { try House(data, data.authority(), Log(.error)) }
    #expect(error?.exitCode == 74)
    #expect(contents(of: path + "/authority.pem") == before)
  }

  /// Each is what a `kill -9` leaves of it: the authority beside its place, then an empty ledger, then a whole one.
  @Test(arguments: ["half of a key", "a key", "an empty ledger", "a ledger"])
  func `a first start that was cut off is begun again, or ended`(left: String) throws {
    let data = try DataDirectory(making: path)
    let begun = try data.authority().certificate.fingerprint
    rename(path + "/authority.pem", path + "/authority.pem.new")
    if left != "a ledger" { unlink(data.ledgerPath) }
    if left == "half of a key" { write("half of a key", to: path + "/authority.pem.new") }
    if left == "an empty ledger" { write("", to: data.ledgerPath) }
    let made = try data.authority()
    #expect((made.certificate.fingerprint == begun) == left.hasSuffix("ledger"))
    #expect(try data.authority().certificate.fingerprint == made.certificate.fingerprint)
    #expect(access(path + "/authority.pem.new", F_OK) != 0)
    try House(data, made, Log(.error)).close()
  }

  private func write(_ text: String, to path: String) { write(Array(text.utf8), to: path) }

  private func write(_ bytes: [UInt8], to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    _ = Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
  }
}
