// How answers look: plain lines for the next program, a table for people; and what becomes of those that nobody can
// take.

import Foundation
import Testing

extension OneNetwork {
  @Suite struct Output {
    let otto = network.member("otto")

    /// Two groups of names that are not equally long, in one of which somebody waits.
    init() {
      guard otto.run(["create_group", "wide.group-name"]).exit == 0 else { return }
      otto.succeeds("create_group", "w")
      let uma = network.member("uma")
      for group in ["wide.group-name", "w"] { uma.succeeds("join_group", group) }
      otto.succeeds("accept_request", "w", "uma")
    }

    /// What a command shows on a terminal, line by line.
    private func shows(_ words: String...) -> [String] {
      let outcome = otto.start(words, onTerminal: true).finish()
      #expect(outcome.exit == 0)
      return outcome.output.split(separator: "\r\n").map(String.init)
    }

    @Test func `into a pipe a list is fields with one space between, and no header`() {
      let groups = otto.succeeds("list_groups").filter { $0.hasPrefix("w ") || $0.hasPrefix("wide") }
      #expect(groups == ["w otto owner 2 0", "wide.group-name otto owner 1 0"])
      #expect(otto.succeeds("list_requests", "wide.group-name") == ["uma"])
      #expect(otto.succeeds("list_members", "w") == ["otto owner online", "uma member offline"])
      #expect(otto.run(["list_files", "w"]).output == "")
    }

    @Test func `on a terminal a list is aligned under a header`() throws {
      let lines = shows("list_groups").filter {
        $0.hasPrefix("GROUP") || $0.hasPrefix("w ") || $0.hasPrefix("wide")
      }
      let widths = try #require(lines.first).split(separator: " ", omittingEmptySubsequences: true)
      #expect(widths == ["GROUP", "OWNER", "STATE", "MEMBERS", "FILES"])
      for name in ["OWNER", "STATE"] {
        let column = try #require(lines[0].range(of: name)).lowerBound
        let offset = lines[0].distance(from: lines[0].startIndex, to: column)
        for line in lines.dropFirst() {
          let before = line.dropFirst(offset - 2).first, at = line.dropFirst(offset).first
          #expect(before == " " && at != " ", "\(line)")
        }
      }
      #expect(Set(lines.map(\.count)).count == 1, "numbers end in one column: \(lines)")
    }

    @Test func `on a terminal every list has its header, also an empty one`() {
      #expect(shows("list_requests", "wide.group-name") == ["USER", "uma"])
      #expect(
        shows("list_members", "w") == [
          "USER  ROLE    PRESENCE", "otto  owner   online", "uma   member  offline",
        ])
      #expect(shows("list_files", "w") == ["BYTES  OWNER  SHARERS  PATH"])
      otto.serves()
      #expect(shows("show_downloads") == ["STATE  GROUP  PATH"])
      #expect(otto.run(["show_downloads"]).output == "")
    }

    @Test(arguments: ["list_files", "list_members", "list_requests"])
    func `a list that is refused has no header`(word: String) {
      let outcome = network.member("uma").start([word, "no-such-group"], onTerminal: true).finish()
      #expect(outcome.exit == 66)
      #expect(outcome.output.hasPrefix("p2pfs: there is no group no-such-group: "), "\(outcome)")
    }

    @Test(arguments: ["list_groups", "status", "help", "version"])
    func `an answer that finds no room is a failure`(command: String) {
      let outcome = otto.run([command], through: #""$@" > /dev/full"#)
      expectFailure(outcome, 74, command)
      #expect(outcome.sentence == "writing the answer: No space left on device: make room on that disk")
    }

    @Test(arguments: ["list_groups", "help"])
    func `a closed output is a failure`(command: String) {
      expectFailure(otto.run([command], through: #""$@" >&-"#), 74, command)
    }

    @Test func `a reader that goes away is no news`() {
      for command in ["list_groups", "help"] {
        let outcome = otto.run([command], through: #"{ "$@"; echo $? >&2; } | true"#)
        #expect(outcome.errors == "141\n" || outcome.errors == "0\n", "\(outcome)")
      }
      #expect(otto.run(["help"], through: #""$@" | head -n 1"#).errors == "")
    }

    @Test func `an error goes to stderr alone, and an answer to stdout alone`() {
      let wrong = otto.run(["list_members", "no-such"])
      #expect(wrong.output == "" && wrong.errors.hasSuffix("\n"))
      #expect(otto.run(["list_groups"]).errors == "")
    }

    @Test func `with all streams closed it still does its work`() {
      otto.environment = ["P2PFS_PASSWORD": otto.password]
      defer { otto.environment = [:] }
      let outcome = otto.run(["create_group", "in-the-dark"], through: #""$@" <&- >&- 2>&-; echo $?"#)
      #expect(outcome.output == "74\n")
      #expect(otto.succeeds("list_groups").contains("in-the-dark otto owner 1 0"))
    }
  }
}
