// BBR, where it is the system's choice, doles out small answers at the rate of those before them: a block of 16 KiB takes
// 6 ms longer over 20 ms and 100 Mbit/s than with Reno. So a peer's line begins with Reno, which every system has and
// allows, and goes over to the system's choice for good once there is more to send than the kernel takes at once, or than
// Reno would send at once after a rest.

internal import CLinux
internal import Glibc

extension Socket {
  /// What the system gives to a new socket; nil where it does not pace, and there is nothing to change.
  static let pacing: String? = {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    let name = Socket(takingOwnership: descriptor).congestionControl
    return name.hasPrefix("bbr") ? name : nil
  }()

  /// Before it is connected, or listens: what has been paced once stays so.
  func beginUnpaced() { if Self.pacing != nil { congestionControl = "reno" } }

  func goOnAsTheSystemWants() { if let pacing = Self.pacing { congestionControl = pacing } }

  private(set) var congestionControl: String {
    get {
      var name = [UInt8](repeating: 0, count: 16)
      var length = socklen_t(name.count)
      getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_CONGESTION, &name, &length)
      return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }
    set {
      _ = newValue.withCString {
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_CONGESTION, $0, socklen_t(newValue.utf8.count))
      }
    }
  }
}
