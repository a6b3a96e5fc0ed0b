// Whether peers can come here: the port, and the address that they are told.

import Glibc
import GroupModel
import Link

/// How far an address reaches.
enum Reach: Hashable, Sendable {
  case thisMachine, ownNetwork, everywhere

  init(_ ip: [UInt8]) {
    self = ip.count == 4 ? Self.of4(ip) : Self.of6(ip)
  }

  private static func of4(_ ip: [UInt8]) -> Reach {
    switch (ip[0], ip[1]) {
    case (127, _): .thisMachine
    case (10, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): .ownNetwork
    default: .everywhere
    }
  }

  private static func of6(_ ip: [UInt8]) -> Reach {
    if ip.dropLast().allSatisfy({ $0 == 0 }), ip[15] == 1 { return .thisMachine }
    let isUniqueLocal = ip[0] & 0xFE == 0xFC
    let isLinkLocal = ip[0] == 0xFE && ip[1] & 0xC0 == 0x80
    return isUniqueLocal || isLinkLocal ? .ownNetwork : .everywhere
  }
}

enum NetworkChecks {
  /// Where a daemon that is not running yet would listen.
  static func port(_ listen: PeerAddress) -> Finding {
    do throws(SocketError) {
      let port = try ListeningPort(at: SocketAddress(listen))
      guard listen.port == 0 else { return .ok("listening", "\(port.address) is free") }
      return .ok(
        "listening", "a free port at each start; for a firewall's sake choose one with --listen IP:PORT")
    } catch {
      return judge(listen, error.errno)
    }
  }

  static func judge(_ listen: PeerAddress, _ number: Int32) -> Finding {
    let words = String(cString: strerror(number))
    switch number {
    case EADDRNOTAVAIL:
      return .problem(
        "listening", "\(listen) is no address of this machine", "choose one of its own with --listen IP:PORT")
    case EADDRINUSE:
      return .problem(
        "listening", "\(listen) is in use by another program",
        "choose another port with --listen IP:PORT; 'ss -ltnp' shows who has it", isOutOfReach: true)
    case EACCES:
      return .problem(
        "listening", "\(listen) is not for you to listen at", "choose a port above 1023 with --listen IP:PORT"
      )
    default:
      return .problem(
        "listening", "\(listen) cannot be listened at, \(words)", "choose another with --listen IP:PORT")
    }
  }

  /// What peers are told: what was said, or what the tracker sees.
  static func advertised(
    _ advertise: PeerAddress?, _ listen: PeerAddress, toward trackers: [SocketAddress]
  ) -> Finding? {
    if let advertise { return judge(advertise.ip, "\(advertise)", isSaid: true) }
    guard listen.isWildcard else { return judge(listen.ip, "\(listen)", isSaid: true) }
    guard let own = trackers.lazy.compactMap({ SocketAddress.own(toward: $0) }).first else { return nil }
    return judge(own.ip, own.host, isSaid: false)
  }

  static func judge(_ ip: [UInt8], _ name: String, isSaid: Bool) -> Finding {
    let subject = "address"
    switch Reach(ip) {
    case .thisMachine:
      let text = "peers are told \(name), which is this machine's own: only programs here can fetch from it"
      let remedy = "if others are to, say the address that they reach with --advertise IP:PORT"
      return isSaid ? .warning(subject, text, remedy) : .info(subject, text, remedy)
    case .ownNetwork:
      let router = isSaid ? "" : ", or what a router puts in its place"
      return .info(
        subject, "peers are told \(name)\(router): a private address, for this network",
        "for others forward a port, and say it with --listen and --advertise")
    case .everywhere: return .ok(subject, "peers are told \(name)\(isSaid ? "" : ", as the tracker sees it")")
    }
  }
}
