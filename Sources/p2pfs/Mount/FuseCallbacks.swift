// libfuse's table of calls, each of which unwraps what it is given and hands it to FuseOperations.
//
// Left out, because the kernel then does better by itself: access (it knows the modes), locks (those of one machine
// work), lseek (a file without holes), copy_file_range (tools copy), ioctl (ENOTTY), poll.

import CFuse
import Glibc
import Link
import Volume

enum FuseCallbacks {
  static func table() -> fuse_lowlevel_ops {
    var table = fuse_lowlevel_ops()
    table.`init` = { data, connection in FuseSession.of(data).negotiate(&connection!.pointee) }
    addNames(to: &table)
    addAttributes(to: &table)
    addDirectories(to: &table)
    addFiles(to: &table)
    return table
  }

  private static func addNames(to table: inout fuse_lowlevel_ops) {
    table.lookup = { request, parent, name in
      operations(request).lookUp(reply(to: request, .lookup), bytes(name), in: NodeNumber(parent))
    }
    table.forget = { request, node, lookups in
      operations(request).forget(NodeNumber(node), lookups: lookups)
      fuse_reply_none(request)
    }
    table.forget_multi = { request, count, forgotten in
      let operations = operations(request)
      for one in UnsafeBufferPointer(start: forgotten, count: count) {
        operations.forget(NodeNumber(one.ino), lookups: one.nlookup)
      }
      fuse_reply_none(request)
    }
    table.readlink = { request, node in
      operations(request).readLink(reply(to: request, .readlink), NodeNumber(node))
    }
    table.mknod = { request, parent, name, mode, _ in
      operations(request).makeNode(
        reply(to: request, .create), bytes(name), in: NodeNumber(parent), mode: mode)
    }
    table.mkdir = { request, parent, name, _ in
      operations(request).makeDirectory(reply(to: request, .mkdir), bytes(name), in: NodeNumber(parent))
    }
    table.unlink = { request, parent, name in
      operations(request).removeFile(reply(to: request, .unlink), bytes(name), from: NodeNumber(parent))
    }
    table.rmdir = { request, parent, name in
      operations(request).removeDirectory(reply(to: request, .rmdir), bytes(name), from: NodeNumber(parent))
    }
    table.symlink = { request, target, parent, name in
      operations(request).makeLink(
        reply(to: request, .symlink), bytes(name), in: NodeNumber(parent), to: bytes(target))
    }
    table.rename = { request, parent, name, newParent, newName, flags in
      operations(request).rename(
        reply(to: request, .rename), from: Place(name: bytes(name), directory: NodeNumber(parent)),
        to: Place(name: bytes(newName), directory: NodeNumber(newParent)), flags: flags)
    }
    table.link = { request, _, parent, name in
      operations(request).refuseHardLink(reply(to: request, .other), bytes(name), in: NodeNumber(parent))
    }
  }

  private static func addAttributes(to table: inout fuse_lowlevel_ops) {
    table.getattr = { request, node, info in
      operations(request).attributes(reply(to: request, .getattr), NodeNumber(node), through: handle(info))
    }
    table.setattr = { request, node, bytes, set, info in
      operations(request).change(
        reply(to: request, .setattr), NodeNumber(node), AttributeWish(bytes!.pointee, set),
        through: handle(info))
    }
    table.statfs = { request, _ in operations(request).space(reply(to: request, .statfs)) }
    table.getxattr = { request, node, name, room in
      operations(request).extendedAttribute(
        reply(to: request, .xattr), String(cString: name!), of: NodeNumber(node), room: room)
    }
    table.listxattr = { request, node, room in
      operations(request).extendedAttributeNames(reply(to: request, .xattr), of: NodeNumber(node), room: room)
    }
    table.setxattr = { request, _, _, _, _, _ in reply(to: request, .xattr).fail(Errno(EOPNOTSUPP)) }
    table.removexattr = { request, _, _ in reply(to: request, .xattr).fail(Errno(EOPNOTSUPP)) }
  }

  private static func addDirectories(to table: inout fuse_lowlevel_ops) {
    table.opendir = { request, node, info in
      operations(request).openDirectory(reply(to: request, .opendir), NodeNumber(node), info!.pointee)
    }
    table.readdir = { request, _, room, offset, info in
      list(request, room, offset, info, withAttributes: false)
    }
    table.readdirplus = { request, _, room, offset, info in
      list(request, room, offset, info, withAttributes: true)
    }
    table.releasedir = { request, _, info in
      with(info, reply(to: request, .other)) { operations(request).closeDirectory($0, $1) }
    }
    table.fsyncdir = { request, _, _, _ in reply(to: request, .fsync).succeed() }
  }

  private static func addFiles(to table: inout fuse_lowlevel_ops) {
    table.open = { request, node, info in
      operations(request).open(reply(to: request, .open), NodeNumber(node), info!.pointee)
    }
    table.create = { request, parent, name, mode, info in
      operations(request).create(
        reply(to: request, .create), bytes(name), in: NodeNumber(parent), mode: mode, info!.pointee)
    }
    table.read = { request, _, count, offset, info in
      with(info, reply(to: request, .read)) {
        operations(request).read($0, $1, at: Int(offset), count: count)
      }
    }
    table.write = { request, _, bytes, count, offset, info in
      with(info, reply(to: request, .write)) { reply, handle in
        operations(request).write(
          reply, handle, UnsafeRawBufferPointer(start: bytes, count: count), at: Int(offset),
          isFromPageCache: info!.pointee.writepage != 0)
      }
    }
    table.flush = { request, _, info in
      with(info, reply(to: request, .flush)) { operations(request).flush($0, $1) }
    }
    table.fsync = { request, _, _, info in
      with(info, reply(to: request, .fsync)) { operations(request).synchronize($0, $1) }
    }
    table.release = { request, _, info in
      with(info, reply(to: request, .release)) { operations(request).close($0, $1) }
    }
    table.fallocate = { request, _, mode, offset, count, info in
      with(info, reply(to: request, .fallocate)) { reply, handle in
        let (end, isTooLarge) = Int(offset).addingReportingOverflow(Int(count))
        guard !isTooLarge else { return reply.fail(Errno(EFBIG)) }
        operations(request).allocate(reply, handle, Int(offset)..<end, mode: mode)
      }
    }
  }
}

// What the calls have in common. Functions of their own, since a C function has no `self`, not even a type's.

private func operations(_ request: fuse_req_t?) -> FuseOperations {
  FuseSession.of(fuse_req_userdata(request)).operations
}

private func reply(to request: fuse_req_t?, _ operation: FuseOperation) -> Reply {
  Reply(request!, timing: operations(request).counts.times[operation])
}

private func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
  guard let text else { return [] }
  return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
}

private func handle(_ info: UnsafeMutablePointer<fuse_file_info>?) -> Handle? {
  info.flatMap { Handle.numbered($0.pointee.fh) }
}

private func with(
  _ info: UnsafeMutablePointer<fuse_file_info>?, _ reply: Reply, _ body: (Reply, Handle) -> Void
) {
  guard let handle = handle(info) else { return reply.fail(Errno(EBADF)) }
  body(reply, handle)
}

private func list(
  _ request: fuse_req_t?, _ room: Int, _ offset: off_t, _ info: UnsafeMutablePointer<fuse_file_info>?,
  withAttributes: Bool
) {
  with(info, reply(to: request, .readdir)) {
    operations(request).list($0, $1, from: Int(offset), room: room, withAttributes: withAttributes)
  }
}
