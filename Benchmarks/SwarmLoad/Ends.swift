// The two kinds of process: one gives until its input ends, the other takes everything once.

import GroupModel
import Glibc
import Link
import Swarm

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

enum Fetch {
  static func run(_ scene: Scene, from ports: [UInt16]) throws {
    let path = "\(scene.target)/swarm-load.\(getpid())"
    defer { unlink(path) }
    let content = PlainContent(filling: path, root: scene.root, layout: scene.layout)
    let finder = NoFinder()
    let swarm = try scene.swarm("fetcher", 1, content, finder)
    let done = Semaphore()
    let cpuBefore = cpuSeconds()
    let began = Instant.now
    let first = Semaphore()
    swarm.fetch(BlockRange(0..<1)!, of: scene.key, into: content, .now) { _ in first.signal() }
    swarm.holders(
      of: scene.key,
      ports.enumerated().map { number, port in
        ContentHolder(
          user: UserName("seed\(number)")!, address: PeerAddress(ip: [127, 0, 0, 1], port: port)!,
          pieces: .all)
      })
    first.wait()
    let firstByte = Instant.now
    swarm.fetchAll(scene.key, into: content) { _ in done.signal() }
    done.wait()
    let seconds = Double(Instant.now.nanoseconds - began.nanoseconds) / 1e9
    let cpu = cpuSeconds() - cpuBefore
    let counters = swarm.statistics()!.counters
    swarm.stop()
    let firstMilliseconds = Double(firstByte.nanoseconds - began.nanoseconds) / 1e6
    say("\(seconds) \(cpu) \(firstMilliseconds) \(counters.duplicate) \(counters.wasted) \(counters.asked)")
  }
}

/// A line to whoever started this process, at once.
private func say(_ line: String) {
  print(line)
  fflush(nil)
}
