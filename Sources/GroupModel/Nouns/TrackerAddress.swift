// Where a tracker is reached: a host name or an IP address, in one form for one place, and the port.

/// Where one tracker is reached.
package struct TrackerAddress: Hashable, Sendable, CustomStringConvertible {
  /// A host name, or an IP address without brackets; in lower case.
  package let host: String
  package let port: UInt16
  package let authority: [UInt8]?

  /// `HOST:PORT`, with an IPv6 address in brackets.
  package var description: String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  init(_ text: String) throws(AddressError) {
    let (host, port) = try HostPort.split(text)
    guard port > 0 else { throw .portOutOfRange }
    self.init(
      host: try HostText.checked(host, isBracketed: text.utf8.first == UInt8(ascii: "[")), port: port,
      authority: nil)
  }

  private init(host: String, port: UInt16, authority: [UInt8]?) {
    self.host = host
    self.port = port
    self.authority = authority
  }

  func vouched(for authority: [UInt8]) -> TrackerAddress {
    TrackerAddress(host: host, port: port, authority: authority)
  }
}

/// What may stand for a host.
private enum HostText {
  private static let nameBytesMax = 253
  private static let labelBytesMax = 63

  /// In lower case, and an IPv6 address in its one short form, so that equal places are equal text.
  static func checked(_ host: String, isBracketed: Bool) throws(AddressError) -> String {
    if isBracketed { return try checkedIPv6(host) }
    guard !looksLikeIPv4(host) || IPText.bytes4(host) != nil, isName(host) else { throw .notAHost }
    return host.lowercased()
  }

  /// A link-local address may say through which interface it is reached: `fe80::1%eth0`.
  private static func checkedIPv6(_ host: String) throws(AddressError) -> String {
    let halves = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    guard let ip = IPText.bytes6(String(halves[0])) else { throw .brackets }
    guard halves.count == 2 else { return IPText.text(ip) }
    guard isName(String(halves[1])) else { throw .brackets }
    return "\(IPText.text(ip))%\(halves[1])"
  }

  /// No name under any top-level domain ends in digits: `127.0.0.256` is a slip, not a name.
  private static func looksLikeIPv4(_ host: String) -> Bool {
    host.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }
  }

  private static func isName(_ host: String) -> Bool {
    let name = host.hasSuffix(".") ? host.dropLast() : host[...]
    guard (1...nameBytesMax).contains(name.utf8.count) else { return false }
    return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
  }

  /// The underscore is in no standard for hosts, but container networks use it.
  private static func isLabel(_ label: Substring) -> Bool {
    guard (1...labelBytesMax).contains(label.utf8.count), label.first != "-" else { return false }
    return label.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}
