// The manual pages: that man is content with them, and that they say what the programs' help says, no less and no more.

import Foundation
import Testing

@Suite struct ManualTests {
  private static let pages = ["p2pfs.1", "tracker.8", "mount.p2pfs.8"].map {
    Programs.root + "Packaging/man/" + $0
  }

  private func isGood(_ page: String, named name: String) {
    let read = Child(
      "/usr/bin/man", ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
      environment: ["MANROFFSEQ": ""]
    ).finish()
    #expect(read.exit == 0 && read.errors == "", "\(page): \(read.errors)")
    let known = Child("/usr/bin/lexgrog", [page]).finish()
    #expect(known.output.contains(": \"\(name) - "), "\(known)")
  }

  @Test func `man reads each page without a warning, and whatis knows what it is about`() {
    for page in Self.pages {
      isGood(page, named: URL(filePath: page).deletingPathExtension().lastPathComponent)
    }
  }

  @Test func `the protocol's page is made of PROTOCOL.md, all of it`() throws {
    let scratch = Scratch()
    let made = Child(
      "/usr/bin/python3", [Programs.root + "Packaging/protocol-page.py", Programs.root + "PROTOCOL.md"]
    ).finish()
    #expect(made.exit == 0 && made.errors == "", "\(made.errors)")
    let page = scratch.write("p2pfs-protocol.7", made.output)
    isGood(page, named: "p2pfs-protocol")
    let shown = Child("/usr/bin/man", ["-l", page], environment: ["MANWIDTH": "80", "MANPAGER": "cat"])
      .finish().output
    let words: Set<Substring> = Set(shown.split { !$0.isLetter && !$0.isNumber })
    let source = try String(contentsOfFile: Programs.root + "PROTOCOL.md", encoding: .utf8)
    // What stands in its tables; longer words may be parted at a line's end.
    let told: [Substring] = source.split(separator: "\n").filter { $0.hasPrefix("|") }.flatMap { line in
      line.split { !$0.isLetter && !$0.isNumber }.filter { (1...3).contains($0.count) }
    }
    #expect(told.count > 200)
    for word in Set(told) { #expect(words.contains(word), "\(word) is missing") }
    for line in source.split(separator: "\n") where line.hasPrefix("## ") {
      let title: String = line.dropFirst(3).uppercased()
      #expect(shown.contains(title), "\(line)")
    }
  }

  @Test func `p2pfs(1) has the commands and options of p2pfs help, written the same way`() throws {
    let help = Child(Programs.p2pfs, ["help"]).finish().lines
    let options = try #require(help.firstIndex { $0.hasPrefix("Options") })
    let told = Set(help.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }.map(firstColumn))
    let page = try String(contentsOfFile: Self.pages[0], encoding: .utf8)
    let written = Set(items(of: page))
    #expect(told.count > 40 && options > 30)
    #expect(told.subtracting(written) == [], "not in the page")
    #expect(written.subtracting(told) == [], "not in the help")
  }

  @Test func `tracker(8) has the options of tracker --help`() throws {
    let help = Child(Programs.tracker, ["--help"]).finish().output
    let told = Set(help.matches(of: /--[a-z-]+(?: [A-Z:]{3,})?/).map { String($0.output) })
    let page = try String(contentsOfFile: Self.pages[1], encoding: .utf8)
    #expect(told.count >= 4)
    #expect(Set(items(of: page)) == told)
  }

  /// Up to two spaces.
  private func firstColumn(_ line: String) -> String {
    let rest = line.dropFirst(2)
    return String(rest[..<(rest.firstRange(of: "  ")?.lowerBound ?? rest.endIndex)])
  }

  /// What is explained in a page, commands and options, as the help writes it.
  private func items(of page: String) -> [String] {
    page.split(separator: "\n").filter { $0.hasPrefix(".It Ic ") || $0.hasPrefix(".It Fl ") }.map { line in
      usage(line.split(separator: " ").dropFirst().map(String.init), isCommand: line.hasPrefix(".It Ic "))
    }
  }

  private func usage(_ words: [String], isCommand: Bool) -> String {
    var parts: [String] = []
    var isOptional = false
    var isPair = false
    var rest = words[...]
    while let word = rest.popFirst() {
      switch word {
      case "Ic": parts.append(rest.popFirst() ?? "")
      case "Op", "Oo":
        isOptional = true
        isPair = rest.prefix { $0 != "Oc" }.count { $0 == "Ar" } == 2 && word == "Oo"
      case "Oc": isOptional = false
      case "Ns": parts[parts.count - 1] += rest.popFirst() ?? ""
      case "Fl":
        let isLong = rest.first == "Fl"
        if isLong { rest.removeFirst() }
        let flag = (isLong ? "--" : "-") + (rest.popFirst() ?? "")
        parts.append(isOptional ? "[\(flag)]" : flag)
      case "Ar":
        let name = rest.popFirst() ?? ""
        if isPair, isOptional {
          parts.append(rest.first == "Oc" ? "<\(name)>]" : "[<\(name)>")
        } else {
          parts.append(isOptional ? "[\(name)]" : isCommand ? "<\(name)>" : name)
        }
      default: parts.append("?\(word)")
      }
    }
    return parts.joined(separator: " ")
  }
}
