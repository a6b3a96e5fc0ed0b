import TestSupport
import GroupModel
import Testing

@testable import Swarm

@Suite struct PickerTests {
  private func picked(
    open: [Range<Int>], held: [Range<Int>], others: [[Range<Int>]] = [], cursor: Int = 0, chance: Double = 0,
    max: Int = 32
  ) -> Range<Int>? {
    func runs(_ ranges: [Range<Int>]) -> BlockRuns {
      var runs = BlockRuns()
      for range in ranges { runs.insert(range) }
      return runs
    }
    let held = runs(held)
    let picker = BlockPicker(open: runs(open), held: held, rarity: Rarity(of: [held] + others.map(runs)))
    return picker.pick(cursor: cursor, chance: chance, countMax: max)?.indices
  }

  @Test func `a row goes on where it stopped`() {
    #expect(picked(open: [64..<320], held: [0..<320], cursor: 64) == 64..<96)
    #expect(picked(open: [70..<320], held: [0..<320], cursor: 70) == 70..<96)
    #expect(picked(open: [64..<320], held: [0..<320], cursor: 64, max: 5) == 64..<69)
  }

  @Test func `a request never crosses a piece`() {
    #expect(picked(open: [30..<100], held: [0..<320], cursor: 30) == 30..<32)
    #expect(picked(open: [30..<100], held: [0..<320], cursor: 0, chance: 0.5) == 64..<96)
  }

  @Test func `the rarest is asked for first`() {
    #expect(picked(open: [0..<320], held: [0..<320], others: [[0..<128]], cursor: 0) == 128..<160)
    #expect(
      picked(open: [0..<320], held: [0..<320], others: [[0..<320], [0..<64], [96..<320]], cursor: 0)
        == 64..<96)
  }

  @Test func `where a row ends the next begins elsewhere`() {
    #expect(picked(open: [128..<320], held: [0..<320], cursor: 64, chance: 0.4) == 192..<224)
    #expect(picked(open: [0..<64], held: [0..<320], cursor: 64, chance: 0.2) == 0..<32)
  }

  @Test func `nothing is asked of one who does not hold it`() {
    #expect(picked(open: [0..<100], held: [200..<300]) == nil)
    #expect(picked(open: [], held: [0..<300]) == nil)
    #expect(picked(open: [0..<10, 250..<260], held: [200..<300]) == 250..<256)
    #expect(
      picked(open: [0..<10, 250..<260], held: [5..<7, 258..<300], cursor: 9, chance: 0.99) == 258..<260)
  }

  @Test func `holders are counted as a table of all blocks would count them`() {
    var random = SeededRandom()
    for _ in 0..<100 {
      var holdings: [BlockRuns] = []
      var counts = [Int](repeating: 0, count: 200)
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        var runs = BlockRuns()
        for _ in 0..<Int.random(in: 0...5, using: &random) {
          let start = Int.random(in: 0..<180, using: &random)
          runs.insert(start..<start + Int.random(in: 1...20, using: &random))
        }
        for run in runs.runs { for block in run { counts[block] += 1 } }
        holdings.append(runs)
      }
      var counted = [Int](repeating: 0, count: 200)
      for run in Rarity(of: holdings).classes.joined() {
        for block in run.blocks { counted[block] += run.holders }
      }
      #expect(counted == counts)
    }
  }
}
