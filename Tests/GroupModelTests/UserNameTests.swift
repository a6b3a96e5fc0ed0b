import Testing

@testable import GroupModel

@Suite struct UserNameTests {
  @Test(arguments: ["a", "Z", "0", "alice", "a.b_c-d", "9-.", String(repeating: "x", count: 64)])
  func `a name is letters, digits, dot, underscore and dash`(text: String) throws {
    #expect(try #require(UserName(text)).description == text)
  }

  @Test(arguments: [
    "", ".", "-a", "_a", ".hidden", "a b", "a/b", "a\0", "a\n", "é", "e\u{301}", "a\u{301}", "\u{212A}",
    "a:b",
    String(repeating: "x", count: 65),
  ])
  func `any other text is no name`(text: String) {
    #expect(UserName(text) == nil)
  }

  @Test func `names are ordered by their bytes`() {
    let sorted = ["b", "a", "B", "1", "a.a"].map { UserName($0)! }.sorted()
    #expect(sorted.map(\.description) == ["1", "B", "a", "a.a", "b"])
  }
}
