// A content by its identity: `p2pfs://<group>/<root>/<bytes>/<path>`, the path with what is odd in it as %XX.

import GroupModel

struct ContentLink: Hashable, Sendable, CustomStringConvertible {
  private static let scheme = "p2pfs://"

  let group: GroupName
  /// nil for an empty file.
  let root: ContentRoot?
  let byteCount: UInt64
  let path: FilePath

  init?(group: GroupName, file: ListedFile) {
    guard file.isFile else { return nil }
    self.group = group
    root = file.root
    byteCount = file.byteCount
    path = file.path
  }

  init(group: GroupName, content: FileContent, path: FilePath) {
    self.group = group
    root = content.root
    byteCount = content.size
    self.path = path
  }

  init(_ text: String) throws(Failure) {
    guard text.hasPrefix(Self.scheme), let link = Self(parts: text.dropFirst(Self.scheme.count)) else {
      throw .malformed("\(Quoted.text(text)) is no link: copy one that 'p2pfs link GROUP FILE' has shown")
    }
    self = link
  }

  private init?(parts text: Substring) {
    let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, let group = GroupName(parts[0]), let byteCount = UInt64(parts[2]),
      let bytes = Self.unescaped(parts[3]), let path = try? FilePath(bytes)
    else { return nil }
    let root = ContentRoot(hex: parts[1])
    guard FileContent(size: byteCount, root: root, isExecutable: false) != nil,
      root != nil || parts[1] == "-"
    else { return nil }
    self.group = group
    self.root = root
    self.byteCount = byteCount
    self.path = path
  }

  var description: String {
    "\(Self.scheme)\(group)/\(root?.description ?? "-")/\(byteCount)/\(Self.escaped(path.bytes))"
  }

  private static func escaped(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let text = bytes.flatMap { byte -> [UInt8] in
      isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "/"):
      true
    default: false
    }
  }

  private static func unescaped(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return bytes
  }
}
