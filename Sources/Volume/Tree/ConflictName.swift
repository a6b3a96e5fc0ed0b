// What a name becomes when somebody else has taken it meanwhile.

internal import GroupModel

/// `name (conflict of <user> <date>).ext`, cut to what a name may have.
struct ConflictName {
  private let stem: ArraySlice<UInt8>
  private let end: ArraySlice<UInt8>
  private let user: UserName
  private let date: String

  /// What follows a directory's last dot says nothing of what it holds.
  init(_ name: ArraySlice<UInt8>, ofDirectory isDirectory: Bool = false, by user: UserName, on date: String) {
    let dot = isDirectory ? nil : name.dropFirst().lastIndex(of: UInt8(ascii: "."))
    stem = name[..<(dot ?? name.endIndex)]
    end = name[(dot ?? name.endIndex)...]
    self.user = user
    self.date = date
  }

  /// nil where there is no room for any. The first one has no number.
  func bytes(_ number: Int, atMost bytesMax: Int) -> [UInt8]? {
    let more = number == 1 ? "" : " \(number)"
    let marks = [" (conflict of \(user) \(date)\(more))", " (conflict\(more))"].map { Array($0.utf8) }
    let first = Self.firstCharacter(of: stem)
    guard let mark = marks.first(where: { first.count + $0.count <= bytesMax }) else { return nil }
    // Programs look at its end, and people at its beginning.
    let end = Self.cut(end, to: bytesMax - mark.count - first.count)
    return Self.cut(stem, to: bytesMax - mark.count - end.count) + mark + end
  }

  private static func firstCharacter(of name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    name.prefix(1) + name.dropFirst().prefix(while: continues)
  }

  /// At the boundary of a character.
  private static func cut(_ name: ArraySlice<UInt8>, to bytesMax: Int) -> ArraySlice<UInt8> {
    guard name.count > bytesMax else { return name }
    var end = name.startIndex + bytesMax
    while end > name.startIndex, continues(name[end]) { end -= 1 }
    return name[..<end]
  }

  /// A byte of UTF-8 that begins no character.
  private static func continues(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
