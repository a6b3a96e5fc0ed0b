// Somebody who speaks HTTP by hand over the loopback, and may do so as badly as a test wants.

import Glibc

package struct WebAnswer: Sendable {
  package let status: Int
  /// As they came, by name in lower case.
  package let headers: [String: String]
  package let body: String

  /// nil for what is no answer.
  init?(_ text: String) {
    guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count >= 2, words[0] == "HTTP/1.1" || words[0] == "HTTP/1.0", let status = Int(words[1])
    else {
      return nil
    }
    self.status = status
    headers = lines.dropFirst().reduce(into: [:]) { headers, line in
      let halves = line.split(separator: ":", maxSplits: 1)
      if halves.count == 2 { headers[halves[0].lowercased()] = String(halves[1].drop { $0 == " " }) }
    }
    body = String(text[end.upperBound...])
  }
}

/// One connection. Not for two threads at once.
package final class WebVisitor: @unchecked Sendable {
  private let descriptor: Int32

  /// nil where nobody listens.
  package init?(to port: UInt16, overIPv6: Bool = false) {
    descriptor = socket(
      overIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard overIPv6 ? Self.connectV6(descriptor, port) : Self.connectV4(descriptor, port) else { return nil }
  }

  deinit { close(descriptor) }

  private static func connectV4(_ descriptor: Int32, _ port: UInt16) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    return connected(descriptor, &address)
  }

  private static func connectV6(_ descriptor: Int32, _ port: UInt16) -> Bool {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_addr = in6addr_loopback
    address.sin6_port = port.bigEndian
    return connected(descriptor, &address)
  }

  private static func connected<Address>(_ descriptor: Int32, _ address: inout Address) -> Bool {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size)) == 0
      }
    }
  }

  /// False when the other end no longer takes it.
  @discardableResult
  package func say(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Everything until the other end hangs up, or is silent for so long.
  package func hears(within milliseconds: Int32 = 10_000, until isEnough: (String) -> Bool = { _ in false })
    -> String
  {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while !isEnough(String(decoding: bytes, as: UTF8.self)) {
      var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&watched, 1, milliseconds) == 1 else { break }
      let count = recv(descriptor, &part, part.count, 0)
      guard count > 0 else { break }
      bytes += part[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether the other end has hung up.
  package func isLeft(within milliseconds: Int32 = 10_000) -> Bool {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&watched, 1, milliseconds) == 1 else { return false }
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) <= 0
  }

  /// One request on a connection of its own.
  package static func asks(
    _ method: String = "GET", _ path: String = "/metrics", at port: UInt16, overIPv6: Bool = false
  ) -> WebAnswer? {
    guard let visitor = WebVisitor(to: port, overIPv6: overIPv6) else { return nil }
    visitor.say("\(method) \(path) HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    return WebAnswer(visitor.hears())
  }
}
