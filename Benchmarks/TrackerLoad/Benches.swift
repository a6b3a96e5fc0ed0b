// What is measured of a tracker. Each bench prints its lines of the table.

import Glibc
import GroupModel
import Link
import Synchronization

struct Benches {
  static let members = 64

  let network: Network
  let isQuick: Bool

  private var duration: Double { isQuick ? 1 : 4 }

  func row(_ what: String, _ figure: String, _ remark: String = "") {
    print("| \(what) | \(figure) | \(remark) |")
    fflush(nil)
  }
}

// Idle clients.
extension Benches {
  func idleClients() throws {
    let count = isQuick ? 1_000 : 10_000
    let clients = try (0..<count).map { try network.member($0 % Self.members, line: $0) }
    let before = network.trackerKiB
    var opened = 0
    let elapsed = seconds { opened = network.openAll(clients) }
    sleep(2)
    let after = network.trackerKiB
    row(
      "idle clients, logged in", grouped(opened),
      "\(rounded(Double(after - before) / Double(max(1, opened)))) KiB of the tracker's memory each, "
        + "\(rounded(Double(after) / 1024, 0)) MiB in all; aim 10,000 at 40 KiB")
    row(
      "logins by certificate, a second", grouped(Int(Double(opened) / elapsed)),
      "new TLS line each, both ends on the same \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores")
    let cpu = network.trackerCPU
    sleep(isQuick ? 2 : 10)
    let used = (network.trackerCPU - cpu) / (isQuick ? 2 : 10)
    row("CPU of the tracker while they idle", "\(rounded(used * 100)) %", "heartbeats every 10 s")
    let probe = try network.member(0)
    network.openAll([probe])
    var latencies = Latencies()
    for _ in 0..<200 {
      latencies.add(seconds { _ = probe.wait(for: .listMembers(Network.group(0), after: nil)) } * 1000)
    }
    row(
      "a request beside them, ms", rounded(latencies.percentile(0.5), 2),
      "p99 \(rounded(latencies.percentile(0.99), 2))")
    for client in clients { client.close() }
    probe.close()
  }
}

// Announces.
extension Benches {
  func announces() throws {
    let clients = try openFollowers(Self.members)
    let address = PeerAddress(ip: [127, 0, 0, 1], port: 7000)!
    for client in clients { _ = client.wait(for: .follow(listening: address)) }
    let groups = clients.map { self.group(of: $0) }
    let roots = (0..<1000).map { number in
      ContentRoot(Digest(hashing: Array("content \(number)".utf8).span.bytes))
    }
    let cpu = network.trackerCPU
    let result = keepAsking(clients, depth: 16, forSeconds: duration) { client, count in
      let pieces = Holding.Pieces.some([0..<UInt32(count % 1000 + 1)])
      return .announce([
        Holding(key: ContentKey(group: groups[client], root: roots[count % 1000]), pieces: pieces)
      ])
    }
    let used = network.trackerCPU - cpu
    row(
      "announces a second, one content each", grouped(Int(Double(result.answered) / result.seconds)),
      "\(rounded(used / Double(max(1, result.answered)) * 1e6)) us of the tracker's CPU each; "
        + "\(result.refused) refused")
    let batch = keepAsking(clients, depth: 4, forSeconds: duration) { client, count in
      .announce(
        (0..<64).map { number in
          let key = ContentKey(group: groups[client], root: roots[(count * 64 + number) % 1000])
          return Holding(key: key, pieces: .all)
        })
    }
    row(
      "the same in batches of 64", grouped(Int(Double(batch.answered * 64) / batch.seconds)),
      "\(batch.refused) refused")
    for client in clients { client.close() }
  }

  private func openFollowers(_ count: Int) throws -> [LoadClient] {
    let clients = try (0..<count).map { try network.member($0, line: $0) }
    network.openAll(clients)
    return clients
  }

  /// The group that a member founded.
  private func group(of client: LoadClient) -> GroupID {
    guard case .groups(let groups, _) = client.wait(for: .listMyGroups(after: nil)) else { return GroupID(0) }
    return groups.first { $0.mine == .owner }?.id ?? GroupID(0)
  }
}

// Decisions.
extension Benches {
  func decisions() throws {
    let synced = try syncsASecond()
    row(
      "write and fdatasync of 4 KiB, one at a time, a second", grouped(synced), "the same disk, no database")
    let clients = try openFollowers(Self.members)
    let alone = publish(with: Array(clients.prefix(1)), depth: 1)
    row(
      "durable decisions a second, one at a time", grouped(alone.rate),
      "one member who waits for each answer: one commit each")
    let waiting = publish(with: clients, depth: 1)
    row(
      "64 members at once, each waiting for its answer", grouped(waiting.rate),
      "\(rounded(Double(waiting.rate) / Double(max(1, alone.rate)))) times one at a time")
    let crowd = publish(with: clients, depth: 32)
    row(
      "64 members at once, 32 under way each", grouped(crowd.rate),
      "\(rounded(Double(crowd.rate) / Double(max(1, alone.rate)))) times one at a time, "
        + "\(rounded(crowd.cpu, 1)) us of the tracker's CPU each; aim 10 times")
    for client in clients { client.close() }
  }

  private static let published = Atomic<Int>(0)

  private func publish(with clients: [LoadClient], depth: Int) -> (rate: Int, cpu: Double) {
    let instance = UInt64.random(in: .min ... .max)
    let cpu = network.trackerCPU
    let run = UInt64.random(in: 0...0xFFFF_FFFF)
    let result = keepAsking(clients, depth: depth, forSeconds: duration) { client, count in
      let content = FileContent(
        size: 1, root: ContentRoot(Digest(hashing: [1, 2, 3].span.bytes)), isExecutable: false)!
      let path = try! FilePath("run-\(run)-file-\(count)")
      let wish = Proposal.Wish.publish(path, .file(content), modified: 0, over: nil)
      return .propose(
        RequestID(instance: instance &+ UInt64(client), sequence: UInt64(count)),
        Proposal(wish, in: Network.group(client)))
    }
    let rate = Double(result.answered) / result.seconds
    return (Int(rate), (network.trackerCPU - cpu) / Double(max(1, result.answered)) * 1e6)
  }

  private func syncsASecond() throws -> Int {
    let path = network.data + "/sync-probe"
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
    defer {
      close(descriptor)
      unlink(path)
    }
    let page = [UInt8](repeating: 7, count: 4096)
    var count = 0
    let end = Instant.now + 1000
    while Instant.now < end {
      pwrite(descriptor, page, page.count, off_t(count % 1024 * 4096))
      fdatasync(descriptor)
      count += 1
    }
    return count
  }
}

// Pushes.
extension Benches {
  /// From the moment of asking to the last of a thousand lines.
  func pushes() throws {
    let sessions = isQuick ? 200 : 1_000
    let listeners = try (0..<sessions).map { try network.member($0 % Self.members, line: $0) }
    network.openAll(listeners)
    let arrivals = Counter()
    for listener in listeners {
      listener.loop.post {
        listener.pushed = { push in
          if case .decision = push { arrivals.come(true) }
        }
      }
      _ = listener.wait(for: .follow(listening: nil))
    }
    let speaker = try network.member(0)
    network.openAll([speaker])
    var answers = Latencies()
    var last = Latencies()
    for round in 0..<(isQuick ? 10 : 50) {
      let start = Instant.now
      let wish = Proposal.Wish.publish(
        try FilePath("push-\(start.nanoseconds)-\(round)"), .directory, modified: 0, over: nil)
      _ = speaker.wait(for: .propose(network.wish(), Proposal(wish, in: GroupName("everyone")!)))
      answers.add(Double(Instant.now.nanoseconds - start.nanoseconds) / 1e6)
      for _ in 0..<sessions { arrivals.bell.wait() }
      last.add(Double(Instant.now.nanoseconds - start.nanoseconds) / 1e6)
    }
    row(
      "push to \(grouped(sessions)) online sessions, ms to the last", rounded(last.percentile(0.5)),
      "p99 \(rounded(last.percentile(0.99))); the proposer had its answer after \(rounded(answers.percentile(0.5)))"
    )
    for listener in listeners { listener.close() }
    speaker.close()
  }
}

// What all benches need.
extension Benches {
  /// Accounts, a group of each member's own, and one in which all are.
  func prepare() throws {
    network.makeAccounts(Self.members)
    let clients = try openFollowers(Self.members)
    let everyone = GroupName("everyone")!
    for (number, client) in clients.enumerated() {
      propose(.found, in: Network.group(number), by: client)
      propose(number == 0 ? .found : .join, in: everyone, by: client)
    }
    for number in 1..<Self.members { propose(.accept(Network.user(number)), in: everyone, by: clients[0]) }
    for client in clients { client.close() }
  }

  private func propose(_ wish: Proposal.Wish, in group: GroupName, by client: LoadClient) {
    _ = client.wait(for: .propose(network.wish(), Proposal(wish, in: group)))
  }
}
