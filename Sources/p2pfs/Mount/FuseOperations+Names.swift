// Names and what they stand for.

import CFuse
import Glibc
import Volume

extension FuseOperations {
  func lookUp(_ reply: Reply, _ name: [UInt8], in directory: NodeNumber) {
    do throws(TreeError) {
      answer(reply, try tree.lookUp(name, in: directory))
    } catch {
      if error == .notFound { reply.noEntry() } else { reply.fail(error) }
    }
  }

  func forget(_ node: NodeNumber, lookups: UInt64) { tree.forget(node, lookups: lookups) }

  func readLink(_ reply: Reply, _ node: NodeNumber) {
    atOnce(reply) { () throws(TreeError) in reply.target(try tree.target(ofLink: node)) }
  }

  func makeNode(_ reply: Reply, _ name: [UInt8], in directory: NodeNumber, mode: mode_t) {
    guard mode & S_IFMT == S_IFREG else {
      return refuse(reply, "mknod", name, in: directory, "devices, pipes and sockets are not for sharing")
    }
    let process = CallingProcess.id(ofThread: reply.thread) ?? 0
    atOnce(reply) { () throws(TreeError) in
      let access = Access(reads: false, writes: true, processID: process)
      let (found, file) = try create(name, in: directory, mode: mode, access)
      answer(reply, found)
      errands.add { file.release(for: Caller()) }
    }
  }

  func makeDirectory(_ reply: Reply, _ name: [UInt8], in directory: NodeNumber) {
    later(.names, reply) { [self] caller throws(TreeError) in
      let found = try tree.telling("mkdir", name, in: directory) { () throws(TreeError) in
        try tree.makeDirectory(name, in: directory, for: caller)
      }
      answer(reply, found)
    }
  }

  func makeLink(_ reply: Reply, _ name: [UInt8], in directory: NodeNumber, to target: [UInt8]) {
    later(.names, reply) { [self] caller throws(TreeError) in
      let found = try tree.telling("ln", name, in: directory) { () throws(TreeError) in
        try tree.makeLink(name, in: directory, to: target, for: caller)
      }
      answer(reply, found)
    }
  }

  func refuseHardLink(_ reply: Reply, _ name: [UInt8], in directory: NodeNumber) {
    refuse(reply, "ln", name, in: directory, "there are no hard links here: copy it, or use ln -s")
  }

  private func refuse(
    _ reply: Reply, _ attempt: String, _ name: [UInt8], in directory: NodeNumber, _ why: String
  ) {
    atOnce(reply) { () throws(TreeError) in
      try tree.telling(attempt, name, in: directory) { () throws(TreeError) in throw .notPermitted(why) }
    }
  }

  func removeFile(_ reply: Reply, _ name: [UInt8], from directory: NodeNumber) {
    later(.names, reply) { [tree] caller throws(TreeError) in
      try tree.telling("rm", name, in: directory) { () throws(TreeError) in
        try tree.removeFile(name, from: directory, for: caller)
      }
      reply.succeed()
    }
  }

  func removeDirectory(_ reply: Reply, _ name: [UInt8], from directory: NodeNumber) {
    later(.names, reply) { [tree] caller throws(TreeError) in
      try tree.telling("rmdir", name, in: directory) { () throws(TreeError) in
        try tree.removeDirectory(name, from: directory, for: caller)
      }
      reply.succeed()
    }
  }

  func rename(_ reply: Reply, from old: Place, to new: Place, flags: UInt32) {
    let noReplace: UInt32 = 1
    guard flags & ~noReplace == 0 else { return reply.fail(Errno(EINVAL)) }
    later(.names, reply) { [tree] caller throws(TreeError) in
      try tree.telling("mv", old.name, in: old.directory) { () throws(TreeError) in
        try tree.rename(
          old.name, in: old.directory, to: new.name, in: new.directory, replacing: flags & noReplace == 0,
          for: caller)
      }
      reply.succeed()
    }
  }
}

/// A name in a directory.
struct Place: Sendable {
  let name: [UInt8]
  let directory: NodeNumber
}
