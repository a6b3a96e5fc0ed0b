// All that lies below a directory, to hold one against another.

import Glibc

enum WholeTree {
  struct Item: Hashable {
    let path: [UInt8]
    let facts: Facts
    /// Of a file its checksum, of a link its target.
    let content: String
  }

  static func items(of side: Side) throws -> [Item] {
    var items: [Item] = []
    try collect(Array(".".utf8), of: side, into: &items)
    return items
  }

  private static func collect(_ path: [UInt8], of side: Side, into items: inout [Item]) throws {
    guard let entries = try unlessGone({ try list(joined(side.root, path)) }) else { return }
    for entry in entries.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
      let inner = path + [UInt8(ascii: "/")] + entry.name
      let place = joined(side.root, inner)
      var status = stat()
      let item = try unlessGone {
        try must("lstat \(shown(inner))", lstat(place, &status))
        let content = try content(place, status.st_mode & S_IFMT)
        return Item(path: inner, facts: Facts(status), content: content)
      }
      guard let item else { continue }
      items.append(item)
      if status.st_mode & S_IFMT == S_IFDIR { try collect(inner, of: side, into: &items) }
    }
  }

  /// Somebody else may be at work there.
  private static func unlessGone<Found>(_ look: () throws -> Found) throws -> Found? {
    do { return try look() } catch let error as CallError where [ENOENT, ENOTDIR].contains(error.errno) {
      return nil
    }
  }

  private static func content(_ place: [CChar], _ kind: UInt32) throws -> String {
    switch kind {
    case S_IFREG: return String(checksum(try contents(of: place)), radix: 16)
    case S_IFLNK:
      var target = [CChar](repeating: 0, count: 4097)
      try must("readlink", readlink(place, &target, 4096))
      return String(decoding: target.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    default: return ""
    }
  }

  /// The first item by which they differ.
  static func difference(_ one: Side, _ other: Side) throws -> String? {
    let (ones, others) = (try items(of: one), try items(of: other))
    for (item, twin) in zip(ones, others) where item != twin {
      return "\(one.root) has \(words(item)), \(other.root) has \(words(twin))"
    }
    guard ones.count != others.count else { return nil }
    let (longer, more) = ones.count > others.count ? (one, ones) : (other, others)
    return "only \(longer.root) has \(words(more[min(ones.count, others.count)]))"
  }

  private static func words(_ item: Item) -> String {
    "\(shown(item.path)): \(item.facts)\(item.content.isEmpty ? "" : ", content \(item.content)")"
  }
}
