// tracker_info.txt: what is understood, and what each mistake is told as.

import GroupModel
import Testing

private let one = String(repeating: "a1", count: 32)
private let other = String(repeating: "b2", count: 32)

private func parsed(_ text: String) throws -> [String] {
  try TrackerInfo(parsing: text.utf8).trackers.map(\.description)
}

@Test(arguments: [
  ("127.0.0.1:9002\n", ["127.0.0.1:9002"]),
  ("127.0.0.1:9002", ["127.0.0.1:9002"]),
  ("a:1\nb:2\na:2\n", ["a:1", "b:2", "a:2"]),
  ("\n# remark\n  host.example:65535\t# the big one\n\n", ["host.example:65535"]),
  ("a:1#b:2", ["a:1"]),
  ("a:1\r\nb:2\r\n", ["a:1", "b:2"]),
  ("\u{FEFF}a:1\n", ["a:1"]),
  ("[::1]:9002", ["[::1]:9002"]),
  ("[2001:DB8:0:0::1]:9002", ["[2001:db8::1]:9002"]),
  ("[fe80::1%eth0]:9002", ["[fe80::1%eth0]:9002"]),
  ("Tracker-1.Example.:080", ["tracker-1.example.:80"]),
  ("p2pfs_tracker_1:9002", ["p2pfs_tracker_1:9002"]),
  ("# zwölf\na:1 # zwölf", ["a:1"]),
])
func `trackers are read in their order`(text: String, trackers: [String]) throws {
  #expect(try parsed(text) == trackers)
}

@Test func `the authority may stand on any line, in either case`() throws {
  let text = "a:1\nb:2 sha256:\(one)\nc:3 sha256:\(one.uppercased()) # same\n"
  let info = try TrackerInfo(parsing: text.utf8)
  #expect(info.authority == [UInt8](repeating: 0xA1, count: 32))
  #expect(info.trackers.map { $0.authority != nil } == [false, true, true])
  #expect(Fingerprint.text(info.authority!) == "sha256:\(one)")
}

@Test func `without a fingerprint there is no authority`() throws {
  #expect(try TrackerInfo(parsing: "a:1\n".utf8).authority == nil)
}

@Test(
  arguments: [
    ("a", 1, .address(.noPort)),
    ("a:", 1, .address(.noPort)),
    ("127.0.0.1: 31000", 1, .address(.noPort)),
    ("a b:1 \(one)", 1, .address(.noPort)),
    ("[::1]", 1, .address(.noPort)),
    ("x:1\na:0", 2, .address(.portOutOfRange)),
    ("a:65536", 1, .address(.portOutOfRange)),
    ("a:99999999999999999999", 1, .address(.portOutOfRange)),
    ("a:http", 1, .address(.portNotANumber)),
    ("a:+80", 1, .address(.portNotANumber)),
    ("a:-1", 1, .address(.portNotANumber)),
    (":9002", 1, .address(.noHost)),
    ("[]:9002", 1, .address(.noHost)),
    ("[::1:9002", 1, .address(.brackets)),
    ("[::1]9002", 1, .address(.brackets)),
    ("[127.0.0.1]:9002", 1, .address(.brackets)),
    ("[::g]:9002", 1, .address(.brackets)),
    ("[fe80::1%]:9002", 1, .address(.brackets)),
    ("::1:9002", 1, .address(.bareIPv6)),
    ("127.0.0.256:9002", 1, .address(.notAHost)),
    ("a..b:9002", 1, .address(.notAHost)),
    ("-a:9002", 1, .address(.notAHost)),
    ("a/b:9002", 1, .address(.notAHost)),
    ("http://a:9002", 1, .address(.notAHost)),
    ("a:1 \(one)", 1, .badFingerprint),
    ("a:1 sha1:\(one)", 1, .badFingerprint),
    ("a:1 sha256:\(one)00", 1, .badFingerprint),
    ("a:1 sha256:\(one.dropLast())", 1, .badFingerprint),
    ("a:1 sha256:\(one.dropLast())g", 1, .badFingerprint),
    ("a:1 sha256:\(one) b:2", 1, .extraWords),
    ("a:1\n# \nA:01", 3, .listedTwice("a:1")),
    ("[::1]:1\n[0:0::1]:1", 2, .listedTwice("[::1]:1")),
    ("a:1 sha256:\(one)\nb:1\nc:1 sha256:\(other)", 3, .twoAuthorities),
    ("a:1\0", 1, .controlBytes),
    ("# \u{1B}[2J\na:1", 1, .controlBytes),
    ("a:1\rb:2", 1, .controlBytes),
    ("a:1 #" + String(repeating: "x", count: 1024), 1, .lineTooLong),
  ] as [(String, Int, TrackerInfoMistake)])
func `a mistake is told with its line`(text: String, line: Int, mistake: TrackerInfoMistake) {
  let error = #expect(throws: TrackerInfoError.self) { try TrackerInfo(parsing: text.utf8) }
  #expect(error?.line == line)
  #expect(error?.mistake == mistake)
  #expect(error?.sentence.hasPrefix("line \(line): ") == true)
}

@Test(arguments: ["", "\n#a:1\n", "   \t\r\n"])
func `a file without a tracker is refused as a whole`(text: String) {
  expectFileMistake(.noTracker, in: text)
}

@Test func `a file that is too large is refused as a whole`() {
  expectFileMistake(.fileTooLarge, in: "a:1\n" + String(repeating: "#\n", count: 40_000))
}

private func expectFileMistake(_ mistake: TrackerInfoMistake, in text: String) {
  let error = #expect(throws: TrackerInfoError.self) { try TrackerInfo(parsing: text.utf8) }
  #expect(error?.line == nil)
  #expect(error?.mistake == mistake)
}

@Test func `bytes that are no UTF-8 are refused`() {
  let error = #expect(throws: TrackerInfoError.self) {
    try TrackerInfo(parsing: Array("a:1\n# ".utf8) + [0xFF])
  }
  #expect(error?.mistake == .notUTF8)
  #expect(error?.line == 2)
}

@Test func `a file of the greatest size is read in no time`() throws {
  let lines = (0..<3000).map { "host\($0):1 # \($0 % 7)\n" }.joined()
  #expect(try parsed(lines).count == 3000)
}

@Test(arguments: ["127.0.0.1:0", "0.0.0.0:5757", "[::]:0", "[2001:db8::1]:9002", "255.255.255.255:65535"])
func `an address is read and written as the same text`(text: String) throws {
  #expect(try PeerAddress(text: text).description == text)
}

@Test(
  arguments: [
    ("localhost:1", .notAnIP), ("127.0.0.1", .noPort), ("1.2.3:4", .notAnIP), ("[1.2.3.4]:5", .notAnIP),
    ("::1:5", .bareIPv6), ("127.0.0.1:x", .portNotANumber), ("127.0.0.1:65536", .portOutOfRange),
    ("", .noPort),
  ] as [(String, AddressError)])
func `what is no address is told why`(text: String, reason: AddressError) {
  #expect(throws: reason) { try PeerAddress(text: text) }
}
