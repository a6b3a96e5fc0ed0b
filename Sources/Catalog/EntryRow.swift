// An entry as its columns, there and back.

internal import GroupModel

/// The columns of `kind`; the raw values are on disk.
enum EntryKindCode: Int64 {
  case file = 0
  case directory = 1
  case symlink = 2
}

extension Entry.Kind {
  var code: EntryKindCode {
    switch self {
    case .file: .file
    case .directory: .directory
    case .symlink: .symlink
    }
  }
}

extension EntryKindCode: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    rawValue.bind(to: sqliteStatement, at: index)
  }
}

/// The columns that differ from kind to kind.
struct EntryKindColumns {
  let code: EntryKindCode
  var size: UInt64 = 0
  var root: ContentRoot?
  var isExecutable = false
  var target: [UInt8]?

  init(_ kind: Entry.Kind) {
    code = kind.code
    switch kind {
    case .file(let content):
      size = content.size
      root = content.root
      isExecutable = content.isExecutable
    case .directory: break
    case .symlink(let link): target = link.bytes
    }
  }
}

extension Cursor {
  func kindCode(_ column: Int32) throws(DatabaseError) -> EntryKindCode {
    guard let code = EntryKindCode(rawValue: int(column)) else { throw .damaged("an unknown kind of entry") }
    return code
  }

  /// From the columns kind, size, root, executable, target, owner, modified, version, the first of which is
  /// `first`.
  func entry(at path: FilePath, from first: Int32) throws(DatabaseError) -> Entry {
    Entry(
      path: path, kind: try kind(at: path, from: first), owner: try user(first + 5), modified: int(first + 6),
      version: number(first + 7))
  }

  private func kind(at path: FilePath, from first: Int32) throws(DatabaseError) -> Entry.Kind {
    switch try kindCode(first) {
    case .directory: return .directory
    case .file:
      let content = FileContent(
        size: number(first + 1), root: try root(first + 2), isExecutable: flag(first + 3))
      guard let content else { throw .damaged("a size that does not fit its content") }
      return .file(content)
    case .symlink:
      guard let target = LinkTarget(bytes(first + 4), at: path) else {
        throw .damaged("a link that leaves its group")
      }
      return .symlink(target)
    }
  }
}

/// Where the entries below a directory lie among all paths: strictly between the two.
struct PathsBelow {
  let first: [UInt8]
  let end: [UInt8]

  /// No UTF-8 has this byte: behind `a/` and it lies nothing that is below `a`, before it everything.
  static let last: UInt8 = 0xFF

  /// nil is the group's own directory.
  init(_ directory: FilePath?) {
    first = directory.map { $0.bytes + [UInt8(ascii: "/")] } ?? []
    end = first + [Self.last]
  }
}
