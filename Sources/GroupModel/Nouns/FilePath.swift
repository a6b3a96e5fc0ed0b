// Where a file lies in its group. Kept as bytes: Swift compares strings by their canonical form, and then the
// two spellings of "é" would be one file here and two on every disk.

/// A path below a group's directory, without a slash at either end: `photos/2026/a.jpg`.
package struct FilePath: Hashable, Sendable {
  package static let bytesMax = 4096
  package static let componentBytesMax = 255
  /// The control files of a group's directory (SPEC 4); nothing may be published under their names.
  package static let controlNames = [".requests", ".members", ".shares"]

  package let bytes: [UInt8]

  package init(_ bytes: [UInt8]) throws(PathError) {
    guard !bytes.isEmpty else { throw .empty }
    guard bytes.count <= Self.bytesMax else { throw .tooLong }
    guard !bytes.contains(0) else { throw .holdsNul }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
    for component in bytes.split(separator: Self.slash, omittingEmptySubsequences: false) {
      try Self.check(component)
    }
    for name in Self.controlNames where bytes.elementsEqual(name.utf8) {
      throw .reserved
    }
    self.bytes = bytes
  }

  package init(_ text: some StringProtocol) throws(PathError) {
    try self.init(Array(text.utf8))
  }

  /// For paths that are cut from one already checked.
  private init(unchecked bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
  }

  private static let slash = UInt8(ascii: "/")

  private static func check(_ component: ArraySlice<UInt8>) throws(PathError) {
    guard !component.isEmpty else { throw .emptyComponent }
    guard component.count <= componentBytesMax else { throw .componentTooLong }
    guard !component.elementsEqual(".".utf8), !component.elementsEqual("..".utf8) else { throw .climbs }
  }

  /// The directory it lies in; nil in the group's own directory.
  package var parent: FilePath? {
    guard let cut = bytes.lastIndex(of: Self.slash) else { return nil }
    return FilePath(unchecked: bytes[..<cut])
  }

  /// The last component.
  package var name: ArraySlice<UInt8> {
    guard let cut = bytes.lastIndex(of: Self.slash) else { return bytes[...] }
    return bytes[(cut + 1)...]
  }

  package func isInside(_ directory: FilePath) -> Bool {
    bytes.count > directory.bytes.count + 1 && bytes[directory.bytes.count] == Self.slash
      && bytes.starts(with: directory.bytes)
  }

  /// This path after `from`, a directory above it, has been renamed; nil where it would grow too long.
  package func moved(from: FilePath, to: FilePath) -> FilePath? {
    guard bytes.count - from.bytes.count + to.bytes.count <= Self.bytesMax else { return nil }
    return FilePath(unchecked: to.bytes + bytes[from.bytes.count...])
  }
}

extension FilePath: Comparable {
  package static func < (left: Self, right: Self) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension FilePath: CustomStringConvertible {
  package var description: String { String(decoding: bytes, as: UTF8.self) }
}

/// Why some bytes are no path.
package enum PathError: Error, Equatable {
  case empty, tooLong, holdsNul, notUTF8, emptyComponent, componentTooLong, climbs, reserved

  package var sentence: String {
    switch self {
    case .empty: "it is empty"
    case .tooLong: "it is longer than \(FilePath.bytesMax) bytes"
    case .holdsNul: "it holds a NUL byte"
    case .notUTF8: "it is not UTF-8"
    case .emptyComponent: "it has a slash at an end, or two in a row"
    case .componentTooLong: "one of its names is longer than \(FilePath.componentBytesMax) bytes"
    case .climbs: "it has a component '.' or '..'"
    case .reserved: "that name belongs to a control file"
    }
  }
}
