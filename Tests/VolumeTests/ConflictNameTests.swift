// What a name becomes when somebody else has it already.

import GroupModel
import Testing

@testable import Volume

@Suite struct `The name of a conflict's copy` {
  private func name(
    of name: String, ofDirectory: Bool = false, number: Int = 1, atMost bytesMax: Int = 255
  ) -> String? {
    ConflictName(Array(name.utf8)[...], ofDirectory: ofDirectory, by: UserName("bob")!, on: "2026-11-20")
      .bytes(number, atMost: bytesMax).map { String(validating: $0, as: UTF8.self) ?? "no UTF-8" }
  }

  @Test func `it says whose it is and since when, and ends as before`() {
    let day = "(conflict of bob 2026-11-20"
    #expect(name(of: "report.txt") == "report \(day)).txt")
    #expect(name(of: "report.txt", number: 2) == "report \(day) 2).txt")
    #expect(name(of: "Makefile") == "Makefile \(day))")
    #expect(name(of: ".profile") == ".profile \(day))")
    #expect(name(of: "photos.2026", ofDirectory: true) == "photos.2026 \(day))")
  }

  @Test(arguments: [
    String(repeating: "n", count: 250), String(repeating: "ä", count: 120) + ".tar.gz",
    "n." + String(repeating: "e", count: 253), "ä." + String(repeating: "😀", count: 63),
    String(repeating: "😀", count: 63) + ".x",
  ])
  func `it is as long as a name may be, and cut between characters`(_ old: String) {
    for number in [1, 2, 17] {
      let new = name(of: old, number: number)
      #expect(new.map { (252...255).contains($0.utf8.count) } == true, "\(new ?? "none")")
      #expect(new?.contains(" (conflict of bob 2026-11-20") == true)
      #expect(new?.first == old.first)
    }
  }

  @Test func `where there is little room it says little, and where there is none it is none`() {
    #expect(name(of: "report.txt", atMost: 34) == "r (conflict of bob 2026-11-20).txt")
    #expect(name(of: "report.txt", atMost: 30) == "r (conflict of bob 2026-11-20)")
    #expect(name(of: "report.txt", atMost: 20) == "repor (conflict).txt")
    #expect(name(of: "report.txt", atMost: 12) == "r (conflict)")
    #expect(name(of: "report.txt", atMost: 11) == nil)
    #expect(name(of: "ärger", atMost: 12) == nil)
    #expect(name(of: "x", atMost: -3) == nil)
  }
}
