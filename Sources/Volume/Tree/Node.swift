// One thing that the kernel knows by a number: a directory, a file, a link, a control file. It is where it lies by its
// parent and its name, so that a renamed directory takes along all below it.

import Glibc
internal import GroupModel

/// ## Concurrency model
/// What may change is under the lock of the tree's `NodeTable`; of a file, what it holds is in its `TreeFile`.
final class Node: @unchecked Sendable {
  enum Kind {
    case root
    case group(GroupName)
    case directory
    case file(TreeFile)
    case symlink(LinkTarget)
    case control(any ControlFile)
  }

  let number: NodeNumber
  let kind: Kind
  /// nil in the root.
  let group: GroupID?

  /// nil for what no longer has a name: removed, or replaced by another version.
  var parent: Node?
  var name: [UInt8] = []
  /// How often the kernel was told of it, and has not forgotten it since.
  var lookups: UInt64 = 0
  /// What else keeps it: open handles, children, content that nobody else has yet.
  var holds = 0
  var inode: UInt64
  /// Of a directory or a link; of a group when something in it was decided last.
  var modified: Int64
  /// As the group has it; nil for what the tracker has not decided yet. Files have their own.
  var entry: Entry?
  /// In the journal: the tracker could not be asked.
  var pending: RequestID?

  init(
    _ number: NodeNumber, _ kind: Kind, in group: GroupID?, inode: UInt64, modified: Int64,
    entry: Entry? = nil
  ) {
    self.number = number
    self.kind = kind
    self.group = group
    self.inode = inode
    self.modified = modified
    self.entry = entry
  }

  var file: TreeFile? { if case .file(let file) = kind { file } else { nil } }

  var isDirectory: Bool {
    switch kind {
    case .root, .group, .directory: true
    case .file, .symlink, .control: false
    }
  }

  var attributesKind: Attributes.Kind {
    switch kind {
    case .root, .group, .directory: .directory
    case .file: .file
    case .symlink: .symlink
    case .control: .control
    }
  }
}

extension Node: Hashable {
  static func == (left: Node, right: Node) -> Bool { left === right }
  func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

/// Where something lies: in which directory, under which name.
struct Place: Hashable {
  let directory: NodeNumber
  let name: [UInt8]
}

enum Clock {
  /// Nanoseconds since 1970.
  static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
