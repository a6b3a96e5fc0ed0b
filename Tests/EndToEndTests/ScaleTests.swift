// More groups than one page of the tracker's answers holds.

import Foundation
import Testing

@Suite struct ScaleTests {
  @Test func `2,500 groups are listed whole, in order, none twice`() {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    let bob = story.member("bob")
    let names = (0..<2500).map { "g-\($0 * 7919 % 2500)" }
    let makers = [alice, bob].enumerated().map { index, person in
      let mine = names.enumerated().filter { $0.offset % 2 == index }.map(\.element)
      let list = story.scratch.write("groups-\(person.name)", mine.map { $0 + "\n" }.joined())
      return person.start(
        through: #"while read name; do "$@" create_group "$name" || exit; done < '\#(list)'"#)
    }
    for maker in makers {
      let outcome = maker.finish(within: 120)
      #expect(outcome.exit == 0 && outcome.lines.count == 1250, "\(outcome.errors)")
    }
    let owners = Dictionary(
      uniqueKeysWithValues: zip(names, (0..<2500).map { $0 % 2 == 0 ? "alice" : "bob" }))
    let expected = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
      "\($0) \(owners[$0]!) \(owners[$0] == "alice" ? "owner" : "-") 1 0"
    }
    #expect(alice.succeeds("list_groups") == expected)

    let table = alice.start(["list_groups"], onTerminal: true).finish().output.split(separator: "\r\n")
    #expect(table.count == 2501)
    #expect(
      Set(table.map(\.count)).count <= 2, "the columns change their width at most where they were measured")
  }
}
