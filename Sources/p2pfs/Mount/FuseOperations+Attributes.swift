// What `stat` shows, what may be changed of it, and extended attributes.

import CFuse
import Glibc
import Volume

extension FuseOperations {
  func attributes(_ reply: Reply, _ node: NodeNumber, through handle: Handle?) {
    atOnce(reply) { () throws(TreeError) in
      reply.attributes(try attributes(of: node, through: handle), of: owner)
    }
  }

  /// Who has a control file open sees the length and the time of what he reads.
  private func attributes(of node: NodeNumber, through handle: Handle?) throws(TreeError) -> Attributes {
    var attributes = try tree.attributes(of: node)
    if case .control(let control) = handle?.opened {
      attributes.size = control.text?.bytes.count ?? 0
      attributes.modified = control.text?.modified ?? attributes.modified
    }
    return attributes
  }

  func change(_ reply: Reply, _ node: NodeNumber, _ wish: AttributeWish, through handle: Handle?) {
    guard wish.owner.map({ $0 == owner.user }) ?? true, wish.group.map({ $0 == owner.group }) ?? true else {
      return atOnce(reply) { () throws(TreeError) in
        try tree.telling("chown", node) { () throws(TreeError) in
          throw .notPermitted("all here belongs to whoever mounted it")
        }
      }
    }
    atOnce(reply) { () throws(TreeError) in
      let attributes = try attributes(of: node, through: handle)
      if wish.size != nil {
        try tree.telling("truncate", node) { () throws(TreeError) in try tree.mustBeCuttable(node) }
      }
      let change = wish.change(of: attributes)
      guard change != AttributeChange() else { return reply.attributes(attributes, of: owner) }
      later(.files, reply) { [tree, owner] caller throws(TreeError) in
        let changed = try tree.telling("change", node) { () throws(TreeError) in
          try tree.change(change, of: node, through: handle?.file, for: caller)
        }
        reply.attributes(changed, of: owner)
      }
    }
  }

  func space(_ reply: Reply) {
    let space = tree.space
    var bytes = statvfs()
    (bytes.f_bsize, bytes.f_frsize, bytes.f_namemax) = (4096, 4096, 255)
    bytes.f_blocks = fsblkcnt_t(space.totalBytes / 4096)
    bytes.f_bfree = fsblkcnt_t((space.totalBytes - space.usedBytes) / 4096)
    bytes.f_bavail = fsblkcnt_t(space.roomBytes / 4096)
    reply.space(bytes)
  }

  func extendedAttribute(_ reply: Reply, _ name: String, of node: NodeNumber, room: Int) {
    guard name.hasPrefix("user.") else {
      // `ls -l` asks for security contexts and access lists, of each file until it is told that there are none at all.
      return reply.fail(Errno(EOPNOTSUPP))
    }
    later(.files, reply) { [tree] caller throws(TreeError) in
      reply.value(try tree.extendedAttribute(name, of: node, for: caller), room: room)
    }
  }

  func extendedAttributeNames(_ reply: Reply, of node: NodeNumber, room: Int) {
    atOnce(reply) { () throws(TreeError) in
      let names = try tree.extendedAttributeNames(of: node)
      reply.value(names.flatMap { Array($0.utf8) + [0] }, room: room)
    }
  }
}

/// What a program wants changed; nil leaves it.
struct AttributeWish: Hashable, Sendable {
  var mode: mode_t?
  var owner: uid_t?
  var group: gid_t?
  var size: Int?
  var modified: Int64?

  init(
    mode: mode_t? = nil, owner: uid_t? = nil, group: gid_t? = nil, size: Int? = nil, modified: Int64? = nil
  ) {
    self.mode = mode
    self.owner = owner
    self.group = group
    self.size = size
    self.modified = modified
  }

  init(_ bytes: stat, _ set: Int32) {
    if set & FUSE_SET_ATTR_MODE != 0 { mode = bytes.st_mode & 0o7777 }
    if set & FUSE_SET_ATTR_UID != 0 { owner = bytes.st_uid }
    if set & FUSE_SET_ATTR_GID != 0 { group = bytes.st_gid }
    if set & FUSE_SET_ATTR_SIZE != 0 { size = Int(bytes.st_size) }
    if set & FUSE_SET_ATTR_MTIME_NOW != 0 {
      modified = timespec.now.nanosecondsSince1970
    } else if set & FUSE_SET_ATTR_MTIME != 0 {
      modified = bytes.st_mtim.nanosecondsSince1970
    }
  }

  /// What of it is a change at all. Of a mode only a file's executable bit is kept; a control file has nothing that
  /// can be changed, and nobody is told so: `>` would fail.
  func change(of attributes: Attributes) -> AttributeChange {
    var change = AttributeChange()
    guard attributes.kind != .control else { return change }
    change.size = size
    change.modified = modified
    if let mode, attributes.kind == .file, (mode ^ mode_t(attributes.permissions)) & 0o100 != 0 {
      change.isExecutable = mode & 0o100 != 0
    }
    return change
  }
}
