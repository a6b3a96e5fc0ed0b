// Where a Unix socket is, as the kernel wants to be told.

internal import CLinux
internal import Glibc

final class LocalAddress {
  static let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  static let noSignal = Int32(MSG_NOSIGNAL)
  static let bothWays = Int32(SHUT_RDWR)

  private var address = sockaddr_un()
  private var length = socklen_t(MemoryLayout<sockaddr_un>.size)
  private var directory: Int32 = -1

  /// An address has room for 107 bytes; a longer path is reached by way of its open directory.
  init?(_ path: String) {
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard let bytes = path.utf8.count <= room ? Array(path.utf8) : shortened(path), bytes.count <= room,
      !bytes.contains(0)
    else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
  }

  /// In no directory: such a name begins with a zero and ends where the address does, so zeros behind it would count.
  init?(abstract name: some StringProtocol) {
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = [0] + Array(name.utf8)
    guard bytes.count > 1, bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count)
  }

  deinit {
    if directory >= 0 { close(directory) }
  }

  private func shortened(_ path: String) -> [UInt8]? {
    guard let cut = path.lastIndex(of: "/") else { return nil }
    directory = open(String(path[..<cut]), O_DIRECTORY | O_RDONLY | O_CLOEXEC)
    guard directory >= 0 else { return nil }
    return Array("/proc/self/fd/\(directory)\(path[cut...])".utf8)
  }

  func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, length)
      }
    }
  }
}
