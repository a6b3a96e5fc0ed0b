// Addresses as people write them: `192.0.2.1:9002`, `[2001:db8::1]:9002`, and for trackers also `host.example:9002`.
// Nothing is looked up here; inet_pton and inet_ntop only turn text into bytes and back.

import Glibc

extension PeerAddress: CustomStringConvertible {
  /// `IP:PORT`, with an IPv6 address in brackets.
  package init(text: some StringProtocol) throws(AddressError) {
    let (host, port) = try HostPort.split(text)
    let bracketed = text.utf8.first == UInt8(ascii: "[")
    guard let ip = bracketed ? IPText.bytes6(host) : IPText.bytes4(host) else { throw .notAnIP }
    guard let address = PeerAddress(ip: ip, port: port) else { throw .notAnIP }
    self = address
  }

  package var description: String {
    ip.count == 4 ? "\(IPText.text(ip)):\(port)" : "[\(IPText.text(ip))]:\(port)"
  }

  /// 0.0.0.0 or ::, which stand for every address of the machine.
  package var isWildcard: Bool { ip.allSatisfy { $0 == 0 } }
}

/// Why some text is no address.
package enum AddressError: Error, Hashable, Sendable {
  case noHost, noPort, portNotANumber, portOutOfRange, brackets, bareIPv6, notAnIP, notAHost

  package var sentence: String {
    switch self {
    case .noHost: "there is no host before the colon"
    case .noPort: "there is no port"
    case .portNotANumber: "the port is not a number"
    case .portOutOfRange: "the port is not between 1 and 65535"
    case .brackets: "the brackets do not hold an IPv6 address"
    case .bareIPv6: "an IPv6 address has to stand in brackets"
    case .notAnIP: "that is no IP address"
    case .notAHost: "that is neither an IP address nor a host name"
    }
  }
}

/// The two halves of `HOST:PORT`.
enum HostPort {
  /// The host without its brackets. The port may be 0 here: to listen on it means any free one.
  static func split(_ text: some StringProtocol) throws(AddressError) -> (host: String, port: UInt16) {
    let bytes = Array(text.utf8)
    if bytes.first == UInt8(ascii: "[") { return try splitBracketed(bytes) }
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { throw .noPort }
    guard bytes.firstIndex(of: UInt8(ascii: ":")) == colon else {
      throw isIPv6(bytes) ? .bareIPv6 : .notAHost
    }
    guard colon > 0 else { throw .noHost }
    return (String(decoding: bytes[..<colon], as: UTF8.self), try port(bytes[(colon + 1)...]))
  }

  private static func isIPv6(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { $0 == UInt8(ascii: ":") || Character(Unicode.Scalar($0)).isHexDigit }
  }

  private static func splitBracketed(_ bytes: [UInt8]) throws(AddressError) -> (host: String, port: UInt16) {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw .brackets }
    guard end > 1 else { throw .noHost }
    let rest = bytes[(end + 1)...]
    guard !rest.isEmpty else { throw .noPort }
    guard rest.first == UInt8(ascii: ":") else { throw .brackets }
    return (String(decoding: bytes[1..<end], as: UTF8.self), try port(rest.dropFirst()))
  }

  /// Digits only: `UInt16("+80")` would be taken otherwise.
  private static func port(_ digits: ArraySlice<UInt8>) throws(AddressError) -> UInt16 {
    guard !digits.isEmpty else { throw .noPort }
    let isNumber = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard isNumber else { throw .portNotANumber }
    guard let port = UInt16(String(decoding: digits, as: UTF8.self)) else { throw .portOutOfRange }
    return port
  }
}

/// IP addresses between text and bytes in the network's order.
enum IPText {
  static func bytes4(_ text: String) -> [UInt8]? { bytes(text, family: AF_INET, count: 4) }

  static func bytes6(_ text: String) -> [UInt8]? { bytes(text, family: AF_INET6, count: 16) }

  /// `ip` has 4 bytes or 16.
  static func text(_ ip: [UInt8]) -> String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = ip.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, ip, &buffer, socklen_t(buffer.count)) != nil else { return "?" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func bytes(_ text: String, family: Int32, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return inet_pton(family, text, &bytes) == 1 ? bytes : nil
  }
}
