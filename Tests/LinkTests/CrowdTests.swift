// Many at once, and a system that has no more to give.

import Glibc
import GroupModel
import Testing
import Visitors

@testable import Link

/// What the loop's thread has worked so far.
private func cpuMilliseconds(of loop: EventLoop) -> Int {
  onThread(of: loop) {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}

/// Descriptors that are connected and do nothing.
private final class Crowd {
  private(set) var descriptors: [Int32] = []

  func connect(_ count: Int, to address: SocketAddress) {
    for _ in 0..<count {
      let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue), 0)
      guard descriptor >= 0 else { return }
      descriptors.append(descriptor)
      _ = address.withSockaddr { Glibc.connect(descriptor, $0, $1) }
    }
  }

  /// Waits until the other end of one of them was closed.
  var isAnyTurnedAway: Bool {
    var waiting = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    return poll(&waiting, nfds_t(waiting.count), 30_000) > 0
  }

  func leave() {
    for descriptor in descriptors { close(descriptor) }
    descriptors = []
  }

  deinit { leave() }
}

@Suite(.serialized) struct CrowdTests {
  @Test func `thousands who only connect keep nobody from being served, and are let go`() throws {
    let network = try TestNetwork()
    let server = try TestServer(network)
    server.limits.openMilliseconds = 3_000
    let crowd = Crowd()
    crowd.connect(3_000, to: server.address)
    let client = try TestClient(to: server, network)
    #expect(client.ask(1, [7]).body == [7])
    try server.record.wait(for: "their ends") { $0.ends.count == 3_000 }
    #expect(server.record.now.ends.allSatisfy { $0 == .timedOut(.handshake) })
    #expect(client.ask(1, [8]).body == [8])
  }

  @Test func `a hundred who come and go again and again leave nothing behind`() throws {
    let network = try TestNetwork()
    let server = try TestServer(network)
    for round in 1...5 {
      let clients = try (0..<20).map { _ in try RawClient(server) }
      for client in clients {
        client.send(.request, 1, 1)
        #expect(client.receiveFrame()?.role == .answer)
      }
      for client in clients { client.sayGoodbye() }
      try server.record.wait(for: "their ends") { $0.ends.count == 20 * round }
    }
    #expect(server.onLoop { $0.lines.filter { $0.socket != nil }.isEmpty })
  }

  @Test func `a loop with held-back, silent and idle lines rests`() throws {
    let network = try TestNetwork()
    let server = try TestServer(network)
    server.limits.unansweredMax = 1
    server.prepare = { $0.whenAsked = { _, _, _, _ in } }
    let silent = try RawClient(to: server.address)
    let idle = try RawClient(server)
    let heldBack = try RawClient(server)
    heldBack.send((1...20).flatMap { RawClient.bytes(.request, 1, $0) })
    let halfSaid = try RawClient(server)
    halfSaid.send([0, 0, 0])
    let gone = try RawClient(server)
    gone.send(.request, 1, 1)
    gone.send(.request, 1, 2)
    try server.record.wait(for: "the held back") { $0.asked == 2 }
    // Its FIN stays unread, and the kernel tells of it for as long as it is asked.
    gone.hangUp()
    let before = cpuMilliseconds(of: server.loop)
    usleep(400_000)
    #expect(cpuMilliseconds(of: server.loop) - before < 100)
    withExtendedLifetime((silent, idle, heldBack, halfSaid)) {}
  }

  @Test func `without descriptors who comes is turned away, and served again when there are some`() async {
    await #expect(processExitsWith: .success) {
      let network = try TestNetwork()
      let server = try TestServer(network)
      leaveDescriptors(60)
      // Each takes one at both ends, and so there are none left for the last of them.
      let crowd = Crowd()
      crowd.connect(45, to: server.address)
      precondition(crowd.isAnyTurnedAway, "nobody was turned away")
      let before = cpuMilliseconds(of: server.loop)
      usleep(400_000)
      precondition(cpuMilliseconds(of: server.loop) - before < 150, "it spins")
      crowd.leave()
      let accepted = server.onLoop { $0.lines.count }
      try server.record.wait(for: "them to be gone") { $0.ends.count == accepted }
      let client = try RawClient(server)
      client.send(.request, 1, 1)
      precondition(client.receiveFrame()?.role == .answer, "it does not recover")
    }
  }
}

/// From now on this process gets so many more.
private func leaveDescriptors(_ count: Int32) {
  let lowest = dup(0)
  close(lowest)
  var limit = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  limit.rlim_cur = rlim_t(lowest + count)
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
