import TestSupport
import Testing

@testable import GroupModel

@Suite struct BlockRunsTests {
  @Test func `runs behave as the set of their blocks`() {
    var random = SeededRandom(for: "block runs")
    for _ in 0..<200 {
      var runs = BlockRuns()
      var blocks: Set<Int> = []
      for _ in 0..<40 {
        let start = Int.random(in: 0..<100, using: &random)
        let range = start..<start + Int.random(in: 0..<20, using: &random)
        if Bool.random(using: &random) {
          runs.insert(range)
          blocks.formUnion(range)
        } else {
          runs.remove(range)
          blocks.subtract(range)
        }
        #expect(runs.count == blocks.count)
        #expect(runs.runs.flatMap { Array($0) } == blocks.sorted())
        #expect(zip(runs.runs, runs.runs.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
      }
      let window = Int.random(in: 0..<60, using: &random)..<Int.random(in: 60..<130, using: &random)
      #expect(
        runs.overlap(with: window).runs.flatMap { Array($0) } == blocks.filter(window.contains).sorted())
      #expect(runs.gaps(in: window).runs.flatMap { Array($0) } == window.filter { !blocks.contains($0) })
      #expect(runs.contains(window) == window.allSatisfy(blocks.contains))
      let from = Int.random(in: 0..<130, using: &random)
      #expect(runs.run(from: from)?.lowerBound == blocks.filter { $0 >= from }.min())
      #expect((0..<130).allSatisfy { runs.contains($0) == blocks.contains($0) })
    }
  }
}
