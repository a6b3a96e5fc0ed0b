// Shows what a program counts at http://IP:PORT/metrics, for Prometheus. libmicrohttpd speaks HTTP; here is what may be
// asked, and what bounds those who ask: everybody who reaches the address may.

internal import CMicroHTTP
internal import Glibc
package import Link

/// Why nothing can be shown.
package enum MetricsTrouble: Error, Equatable, Sendable {
  case cannotListen(SocketAddress, errno: Int32)
  case noLibrary
  case cannotStart

  /// What was wrong, and what to do.
  package var sentence: String {
    switch self {
    case .cannotListen(let address, let errno):
      "cannot show metrics at \(address): \(systemWords(errno)): choose another address with --metrics IP:PORT"
    case .noLibrary:
      "cannot show metrics without libmicrohttpd: install it (apt-get install libmicrohttpd12), or leave --metrics away"
    case .cannotStart:
      "cannot show metrics, libmicrohttpd does not start: close other programs, or leave --metrics away"
    }
  }
}

/// ## Concurrency model
/// `init`, `start` and `stop` for one thread. Everything else, `show` among it, happens on the one thread of
/// libmicrohttpd, which lives from `start` to the end of `stop`.
package final class MetricsServer: @unchecked Sendable {
  /// More than any number of Prometheus servers; the oldest makes room.
  static let connectionsMax = 64
  /// Until the oldest has heard that it is to go.
  private static let connectionsLeaving = 16
  private static let silentSeconds: UInt32 = 10
  private static let connectionBytes = 32 << 10

  /// Where it is shown: with the port that a 0 became.
  package let address: SocketAddress
  private let port: ListeningPort
  private let show: @Sendable () -> Exposition
  private let http = p2pfs_http_find()
  private var daemon: OpaquePointer?
  /// In the order of their coming.
  private var connections: [OpaquePointer] = []

  /// Takes the port; nobody can connect yet. `show` may wait for moments.
  package init(
    at address: SocketAddress, showing show: @escaping @Sendable () -> Exposition
  ) throws(MetricsTrouble) {
    do throws(SocketError) { port = try ListeningPort(at: address) } catch {
      throw .cannotListen(address, errno: error.errno)
    }
    self.address = port.address
    self.show = show
    guard http.is_found != 0 else { throw .noLibrary }
  }

  package var url: String { "http://\(address)/metrics" }

  package func start() throws(MetricsTrouble) {
    let listening: Int32
    do throws(SocketError) {
      try port.open()
      listening = try port.descriptorForAnother()
    } catch {
      throw .cannotListen(address, errno: error.errno)
    }
    let limits = p2pfs_http_limits(
      connections: UInt32(Self.connectionsMax + Self.connectionsLeaving), seconds: Self.silentSeconds,
      bytes: Self.connectionBytes)
    let me = Unmanaged.passUnretained(self).toOpaque()
    daemon = p2pfs_http_start(http, listening, limits, asked, noticed, me)
    guard daemon == nil else { return }
    close(listening)
    throw .cannotStart
  }

  /// Waits until what is being shown was shown.
  package func stop() {
    guard let daemon else { return }
    p2pfs_http_stop(http, daemon)
    self.daemon = nil
  }

  deinit { stop() }
}

// On libmicrohttpd's thread. What is answered before a body is read ends its connection, so that each has one answer.
extension MetricsServer {
  fileprivate func answer(_ connection: OpaquePointer, _ method: String, _ path: String) -> MHD_Result {
    guard path == "/metrics" else {
      return answer(connection, UInt32(MHD_HTTP_NOT_FOUND), "text/plain", "metrics are at /metrics\n")
    }
    guard method == MHD_HTTP_METHOD_GET || method == MHD_HTTP_METHOD_HEAD else {
      let status = UInt32(MHD_HTTP_METHOD_NOT_ALLOWED)
      return answer(connection, status, "text/plain", "metrics are only read\n", allowing: "GET, HEAD")
    }
    return answer(connection, UInt32(MHD_HTTP_OK), Exposition.contentType, show().text)
  }

  private func answer(
    _ connection: OpaquePointer, _ status: UInt32, _ type: String, _ text: String,
    allowing methods: String? = nil
  ) -> MHD_Result {
    let body = Array(text.utf8)
    guard let methods else {
      return p2pfs_http_answer(http, connection, status, type, nil, body, body.count)
    }
    return p2pfs_http_answer(http, connection, status, type, methods, body, body.count)
  }

  /// Whoever only connects, or asks a byte a minute, keeps nobody out: who came before all others goes.
  fileprivate func began(_ connection: OpaquePointer) {
    connections.append(connection)
    guard connections.count > Self.connectionsMax else { return }
    shutdown(p2pfs_http_socket(http, connections.removeFirst()), Int32(SHUT_RDWR))
  }

  fileprivate func ended(_ connection: OpaquePointer) { connections.removeAll { $0 == connection } }
}

private let asked: MHD_AccessHandlerCallback = { server, connection, path, method, _, _, _, _ in
  guard let server, let connection, let path, let method else { return .NO }
  return Unmanaged<MetricsServer>.fromOpaque(server).takeUnretainedValue()
    .answer(connection, String(cString: method), String(cString: path))
}

private let noticed: MHD_NotifyConnectionCallback = { server, connection, _, what in
  guard let server, let connection else { return }
  let me = Unmanaged<MetricsServer>.fromOpaque(server).takeUnretainedValue()
  if what == .CONNECTION_NOTIFY_STARTED { me.began(connection) } else { me.ended(connection) }
}
