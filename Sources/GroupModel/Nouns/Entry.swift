// What is published under one path of a group.

/// One published file, directory or symbolic link.
package struct Entry: Hashable, Sendable {
  package let path: FilePath
  package let kind: Kind
  package let owner: UserName
  /// Nanoseconds since 1970.
  package let modified: Int64
  /// The number of the decision that put it there as it is.
  package let version: UInt64

  package init(path: FilePath, kind: Kind, owner: UserName, modified: Int64, version: UInt64) {
    self.path = path
    self.kind = kind
    self.owner = owner
    self.modified = modified
    self.version = version
  }

  package enum Kind: Hashable, Sendable {
    case file(FileContent)
    case directory
    case symlink(LinkTarget)

    package var isDirectory: Bool { self == .directory }

    package var isFile: Bool { if case .file = self { true } else { false } }

    /// But for what `chmod` changes.
    package func isSame(as other: Kind) -> Bool {
      guard case (.file(let one), .file(let two)) = (self, other) else { return self == other }
      return one.isSame(as: two)
    }
  }
}

/// What a file holds: its size, its identity, and the one mode bit that is kept.
package struct FileContent: Hashable, Sendable {
  /// 1 PiB: far beyond any disk of a member, and small enough that no sum of offsets overflows.
  package static let bytesMax: UInt64 = 1 << 50

  package let size: UInt64
  /// nil for an empty file, which has no content to identify.
  package let root: ContentRoot?
  package let isExecutable: Bool

  package init?(size: UInt64, root: ContentRoot?, isExecutable: Bool) {
    guard size <= Self.bytesMax, (size == 0) == (root == nil) else { return nil }
    self.size = size
    self.root = root
    self.isExecutable = isExecutable
  }

  /// The same bytes.
  package func isSame(as other: FileContent) -> Bool { size == other.size && root == other.root }
}

/// Where a symbolic link points: relative, and never out of its group.
package struct LinkTarget: Hashable, Sendable {
  package let bytes: [UInt8]

  /// `path` is where the link lies: how far it may climb depends on it.
  package init?(_ bytes: [UInt8], at path: FilePath) {
    guard (1...FilePath.bytesMax).contains(bytes.count), !bytes.contains(0),
      String(validating: bytes, as: UTF8.self) != nil, bytes.first != UInt8(ascii: "/")
    else { return nil }
    var depth = path.bytes.count { $0 == UInt8(ascii: "/") }
    for component in bytes.split(separator: UInt8(ascii: "/")) where !component.elementsEqual(".".utf8) {
      depth += component.elementsEqual("..".utf8) ? -1 : 1
      guard depth >= 0 else { return nil }
    }
    self.bytes = bytes
  }
}
