// The two kinds of process: one gives until its input ends, the other takes everything once.

import GroupModel
import Glibc
import Link
import Swarm
import Synchronization

enum Seed {
  static func run(_ scene: Scene, number: Int) throws {
    let content = PlainContent(seeding: scene.sourcePath, tree: scene.tree())
    if scene.isInParts { content.pretend(held: BlockRuns(quarter(number, of: scene.layout))) }
    let finder = NoFinder()
    let swarm = try scene.swarm("seed\(number)", UInt64(number + 1), content, finder)
    say("\(swarm.address.port)")
    let before = cpuSeconds()
    _ = readLine()
    say("\(cpuSeconds() - before)")
    swarm.stop()
  }

  static func quarter(_ number: Int, of layout: ContentLayout) -> Range<Int> {
    let pieces = (number % 4 * layout.pieceCount / 4)..<((number % 4 + 1) * layout.pieceCount / 4)
    let blocks = ContentLayout.blocksPerPiece
    return pieces.lowerBound * blocks..<min(pieces.upperBound * blocks, layout.blockCount)
  }
}

/// What a fetcher has measured.
struct Measured {
  var seconds = 0.0
  var cpuSeconds = 0.0
  var firstMilliseconds = 0.0
  var medianMilliseconds = 0.0
  var worstMilliseconds = 0.0
  var counters = FetchCounters()

  var line: String {
    "\(seconds) \(cpuSeconds) \(firstMilliseconds) \(medianMilliseconds) \(worstMilliseconds) \(counters.duplicate)"
      + " \(counters.wasted) \(counters.asked)"
  }
}

enum Fetch {
  static func run(_ scene: Scene, from ports: [UInt16]) throws {
    let path = "\(scene.target)/swarm-load.\(getpid())"
    let plain = PlainContent(filling: path, root: scene.root, layout: scene.layout)
    defer { unlink(path) }
    let finder = NoFinder()
    let swarm = try scene.swarm("fetcher", 1, plain, finder)
    var measured = Measured()
    try withContent(scene, plain) { content in
      let cpuBefore = cpuSeconds()
      let began = Instant.now
      swarm.prepare(scene.key, content)
      swarm.holders(of: scene.key, holders(ports))
      measured.firstMilliseconds = read(0, scene, content, swarm)
      if scene.isRandom {
        (measured.medianMilliseconds, measured.worstMilliseconds) = readAtRandom(scene, content, swarm)
      } else {
        let done = Semaphore()
        swarm.fetchAll(scene.key, into: content) { _ in done.signal() }
        done.wait()
      }
      measured.seconds = seconds(since: began)
      measured.cpuSeconds = cpuSeconds() - cpuBefore
      measured.counters = swarm.statistics()!.counters
    }
    swarm.stop()
    say(measured.line)
  }

  /// The cache that the product has, or one plain file.
  private static func withContent(
    _ scene: Scene, _ plain: PlainContent, _ body: (any ContentStoring) throws -> Void
  ) throws {
    guard scene.usesStore else { return try body(plain) }
    let folder = "\(scene.target)/swarm-load.\(getpid()).store"
    defer { system("rm -rf \(folder)") }
    let store = try PieceStore(at: LocalPath(folder)!, limit: CacheLimit(bytes: 1 << 40))
    try body(try store.content(ContentName(root: scene.root, layout: scene.layout)))
    store.close()
  }

  private static func holders(_ ports: [UInt16]) -> [ContentHolder] {
    ports.enumerated().map { number, port in
      ContentHolder(
        user: UserName("seed\(number)")!, address: PeerAddress(ip: [127, 0, 0, 1], port: port)!, pieces: .all)
    }
  }

  /// Milliseconds until one block is here.
  private static func read(
    _ block: Int, _ scene: Scene, _ content: any ContentStoring, _ swarm: PeerSwarm
  ) -> Double {
    let done = Semaphore()
    let began = Instant.now
    swarm.fetch(BlockRange(block..<block + 1)!, of: scene.key, into: content, .now) { _ in done.signal() }
    done.wait()
    return seconds(since: began) * 1000
  }

  private static func readAtRandom(
    _ scene: Scene, _ content: any ContentStoring, _ swarm: PeerSwarm
  ) -> (median: Double, worst: Double) {
    let times = (0..<5000).map { _ in read(.random(in: 0..<scene.layout.blockCount), scene, content, swarm) }
      .sorted()
    return (times[2500], times[4950])
  }

  private static func seconds(since began: Instant) -> Double {
    Double(Instant.now.nanoseconds - began.nanoseconds) / 1e9
  }
}

/// A line to whoever started this process, at once.
private func say(_ line: String) {
  print(line)
  fflush(nil)
}
