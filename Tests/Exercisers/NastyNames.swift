// Names that something or other takes badly, each made, listed, looked at, read, renamed and removed.

import Glibc

struct NastyNames: Exercise {
  static let name = "names"
  static let usage =
    "[--any-bytes] [--keep] DIR (--any-bytes: names need not be UTF-8; --keep: leave them there)"

  static func run(_ words: inout Words, seed: UInt64) throws {
    let takesAnyBytes = words.has("--any-bytes")
    let keeps = words.has("--keep")
    let names = NastyNames(directory: try words.places(1)[0])
    for name in good { try names.create(name) }
    try names.areListed(good)
    for name in good { try names.standsUp(name) }
    if !keeps {
      for name in good { try must("unlink \(shown(name))", unlink(joined(names.directory, name))) }
    }
    for (name, error) in bad { try names.isRefused(name, error) }
    for name in notUTF8 {
      try takesAnyBytes ? names.lives(name) : names.isRefused(name, EINVAL)
    }
    if !keeps { try names.areListed([]) }
    say("\(good.count) names taken, \(bad.count + (takesAnyBytes ? 0 : notUTF8.count)) refused")
  }

  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  static let good: [[UInt8]] = [
    text(" "), text("two words"), text(" leading"), text("trailing "), text("trailing."), text("..."),
    text("..a"), text(".hidden"), text("new\nline"), text("\n"), text("tab\tulator"), text("return\r"),
    text("bell\u{7}"), text("\u{1B}[31mred"), text("\u{7F}"), text("\u{1}\u{2}\u{1F}"),
    text("-rf"), text("--help"), text("*"), text("?"), text("[a-z]"), text("$HOME"), text("`id`"),
    text("a;b"), text("a|b&c"), text("<>"), text("back\\slash"), text("\\"), text("\\n"), text("'"),
    text("\""), text("it's"), text("a:b"), text("C:"), text("nul"), text("%s%n"), text("#"), text("@"),
    text("+"), text("="), text("\u{1F600}"), text("\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}"),
    text("caf\u{E9}"), text("cafe\u{301}"), text("\u{212B}"), text("\u{C5}"), text("A\u{30A}"),
    text("\u{202E}gnp.exe"), text("\u{FEFF}"), text("\u{200B}"), text("\u{10FFFF}"), text("日本語"),
    text("README"), text("readme"), [UInt8](repeating: 0x61, count: 255),
    text(String(repeating: "\u{E9}", count: 127) + "e"),
  ]

  static let bad: [([UInt8], Int32)] = [
    ([UInt8](repeating: 0x61, count: 256), ENAMETOOLONG),
    (text(String(repeating: "\u{E9}", count: 128)), ENAMETOOLONG),
  ]

  static let notUTF8: [[UInt8]] = [
    [0xFF], [0x63, 0x61, 0x66, 0xE9], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
    [0xE2, 0x82],
  ]

  private let directory: String

  /// Each file holds its own name, so that none can be taken for another.
  private func create(_ name: [UInt8]) throws {
    do { try makeFile(joined(directory, name), name) } catch {
      throw Difference("\(shown(name)) cannot be made: \(error)")
    }
  }

  private func areListed(_ names: [[UInt8]]) throws {
    let listed = try list(joined(directory, []), bufferBytes: 1024)
    let (missing, extra) = (
      Set(names).subtracting(listed.map(\.name)), Set(listed.map(\.name)).subtracting(names)
    )
    guard missing.isEmpty, extra.isEmpty, listed.count == names.count else {
      throw Difference(
        "a listing has \(listed.count) names of \(names.count): not \(missing.map(shown)), but \(extra.map(shown))"
      )
    }
  }

  private func standsUp(_ name: [UInt8]) throws {
    try holds(name, name)
    let other = Array("renamed \(checksum(name))".utf8)
    try rename(name, to: other)
    try holds(other, name)
    try isGone(name)
    try rename(other, to: name)
    try holds(name, name)
  }

  private func lives(_ name: [UInt8]) throws {
    try create(name)
    try standsUp(name)
    try must("unlink", unlink(joined(directory, name)))
  }

  private func holds(_ name: [UInt8], _ bytes: [UInt8]) throws {
    var status = stat()
    try must("lstat \(shown(name))", lstat(joined(directory, name), &status))
    guard status.st_size == bytes.count, try contents(of: joined(directory, name)) == bytes else {
      throw Difference("\(shown(name)) does not hold what was written to it")
    }
  }

  private func rename(_ name: [UInt8], to other: [UInt8]) throws {
    let result = Glibc.rename(joined(directory, name), joined(directory, other))
    try must("rename \(shown(name)) to \(shown(other))", result)
  }

  private func isGone(_ name: [UInt8]) throws {
    var status = stat()
    let result = CallResult(lstat(joined(directory, name), &status))
    guard result.errno == ENOENT else {
      throw Difference("\(shown(name)) was renamed, and is there: \(result)")
    }
  }

  /// In every way in which a name comes to be, and in the one in which it is looked up.
  private func isRefused(_ name: [UInt8], _ error: Int32) throws {
    let place = joined(directory, name)
    let source = joined(directory, Array("source".utf8))
    try makeFile(source, [])
    let descriptor = open(place, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    var results = [("open", CallResult(descriptor))]
    if descriptor >= 0 { close(descriptor) }
    results.append(("mkdir", CallResult(mkdir(place, 0o755))))
    results.append(("symlink", CallResult(symlink("source", place))))
    results.append(("rename", CallResult(Glibc.rename(source, place))))
    for (call, result) in results where result.errno != error {
      throw Difference("\(call) of \(shown(name)) gives \(result), not \(errnoName(error))")
    }
    try must("unlink", unlink(source))
  }
}
