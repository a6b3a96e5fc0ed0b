// Whoever has started this program as a service, and wants to hear how it fares: systemd's protocol of sd_notify(3),
// which is a datagram to $NOTIFY_SOCKET.

internal import CLinux
internal import Glibc

/// ## Concurrency model
/// For any thread. Nobody waits for the other end: what it does not take is lost.
package struct Supervisor: Sendable {
  private static let variable = "NOTIFY_SOCKET"
  private static let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  /// nil for a program that nobody supervises.
  private let place: String?

  init(at place: String?) { self.place = place }

  /// For the main thread, before it makes others. Programs that this one starts do not speak in its name.
  package static func take() -> Supervisor {
    let place = getenv(variable).map { String(cString: $0) }
    unsetenv(variable)
    return Supervisor(at: place)
  }

  /// It can be used from now on.
  package func ready(_ status: String) { tell("READY=1\nSTATUS=\(Self.oneLine(status))") }

  package func stopping() { tell("STOPPING=1\nSTATUS=stopping") }

  /// A line break would begin another word of the protocol.
  static func oneLine(_ status: String) -> String {
    String(String.UnicodeScalarView(status.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
  }

  private func tell(_ text: String) {
    guard let place, let address = Self.address(of: place) else { return }
    let descriptor = socket(AF_UNIX, Self.kind, 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    _ = address.with {
      sendto(descriptor, bytes, bytes.count, LocalAddress.noSignal | Int32(MSG_DONTWAIT), $0, $1)
    }
  }

  /// A path, or `@` and a name in no directory. Other kinds, such as those of virtual machines, are not for programs.
  private static func address(of place: String) -> LocalAddress? {
    switch place.utf8.first {
    case UInt8(ascii: "/"): LocalAddress(place)
    case UInt8(ascii: "@"): LocalAddress(abstract: place.dropFirst())
    default: nil
    }
  }
}
