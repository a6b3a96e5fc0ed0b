// What `stat` is told of a node, and what a lookup finds.

/// A node as the kernel names it. Never reused while the program runs.
package struct NodeNumber: Hashable, Sendable {
  package static let root = NodeNumber(1)

  package let value: UInt64

  package init(_ value: UInt64) { self.value = value }
}

package struct Attributes: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case directory, file, symlink
    /// Never cached, and read and written as a stream.
    case control
  }

  package var kind: Kind
  /// What `ls -i` shows: of one version of a file, and never of another.
  package var inode: UInt64
  package var size: Int
  /// What lies on this disk of it, for `st_blocks`.
  package var heldBytes: Int
  /// Nanoseconds since 1970.
  package var modified: Int64
  /// The mode without the kind.
  package var permissions: UInt16
  package var links: UInt32
  /// The kernel may keep them until it is told; otherwise they change by themselves, and it should ask again soon.
  package var areSettled: Bool
  /// Of a version that is about to be replaced by what is being written: whoever opens the file in that moment must
  /// not see the number of the one before.
  package var areEnding: Bool

  package init(
    kind: Kind, inode: UInt64, size: Int, heldBytes: Int, modified: Int64, permissions: UInt16,
    links: UInt32 = 1, areSettled: Bool = true, areEnding: Bool = false
  ) {
    self.kind = kind
    self.inode = inode
    self.size = size
    self.heldBytes = heldBytes
    self.modified = modified
    self.permissions = permissions
    self.links = links
    self.areSettled = areSettled
    self.areEnding = areEnding
  }
}

package struct Found: Hashable, Sendable {
  package let node: NodeNumber
  package let attributes: Attributes

  package init(node: NodeNumber, attributes: Attributes) {
    self.node = node
    self.attributes = attributes
  }
}

/// How a file is opened.
package struct Access: Hashable, Sendable {
  package var reads: Bool
  package var writes: Bool
  package var appends: Bool
  package var truncates: Bool
  /// The process that opened it: only its `close` publishes.
  package var processID: Int32

  package init(reads: Bool, writes: Bool, appends: Bool = false, truncates: Bool = false, processID: Int32) {
    self.reads = reads
    self.writes = writes
    self.appends = appends
    self.truncates = truncates
    self.processID = processID
  }
}

/// What `setattr` may change; nil leaves it.
package struct AttributeChange: Hashable, Sendable {
  package var size: Int?
  package var modified: Int64?
  package var isExecutable: Bool?

  package init(size: Int? = nil, modified: Int64? = nil, isExecutable: Bool? = nil) {
    self.size = size
    self.modified = modified
    self.isExecutable = isExecutable
  }
}

package struct SpaceUse: Hashable, Sendable {
  package let totalBytes: Int
  package let usedBytes: Int
  /// What may still be written: the disk may have less room than the limit leaves.
  package let roomBytes: Int

  package init(totalBytes: Int, usedBytes: Int, roomBytes: Int) {
    self.totalBytes = totalBytes
    self.usedBytes = usedBytes
    self.roomBytes = roomBytes
  }
}
