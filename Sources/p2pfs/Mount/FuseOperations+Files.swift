// Opened files, control files among them.

import CFuse
import Glibc
import Link
import Volume

// Opening.
extension FuseOperations {
  func open(_ reply: Reply, _ node: NodeNumber, _ info: fuse_file_info) {
    atOnce(reply) { () throws(TreeError) in
      let access = access(info, by: reply)
      if try tree.attributes(of: node).kind == .control {
        openControl(reply, node, access, info)
      } else if access.writes {
        try tree.telling("write", node) { () throws(TreeError) in
          try openWriting(reply, node, access, info)
        }
      } else {
        try openReading(reply, node, access, info)
      }
    }
  }

  /// Whose process it is matters to who writes.
  private func access(_ info: fuse_file_info, by reply: Reply, isNew: Bool = false) -> Access {
    let mode = info.flags & O_ACCMODE
    let writes = mode != O_RDONLY || info.flags & O_TRUNC != 0 || isNew
    return Access(
      reads: mode != O_WRONLY, writes: writes, appends: info.flags & O_APPEND != 0,
      truncates: info.flags & O_TRUNC != 0,
      processID: writes ? CallingProcess.id(ofThread: reply.thread) ?? 0 : 0)
  }

  private func openControl(_ reply: Reply, _ node: NodeNumber, _ access: Access, _ info: fuse_file_info) {
    var info = info
    info.direct_io = 1
    later(.names, reply) { [self, info] caller throws(TreeError) in
      let control = try tree.openControl(node, access, for: caller)
      let handle = Handle(node, .control(control), writes: access.writes)
      if !tell(reply, handle, info) { handles.remove(handle) }
    }
  }

  /// Where the kernel reads the file by itself it is told to look the name up again, and finds a node that can be
  /// written.
  private func openWriting(
    _ reply: Reply, _ node: NodeNumber, _ access: Access, _ info: fuse_file_info
  ) throws(TreeError) {
    try tree.mustBeChangeable(node)
    guard modes.enterCached(node) else {
      tree.renew(node)
      throw .stale
    }
    let file: OpenFile
    do throws(TreeError) { file = try tree.open(node, access) } catch {
      modes.leaveCached(node)
      throw error
    }
    let handle = Handle(node, .file(file), writes: true)
    note(handle, file, info)
    var info = info
    info.keep_cache = 1
    if !tell(reply, handle, info) { discard(handle) }
  }

  private func openReading(
    _ reply: Reply, _ node: NodeNumber, _ access: Access, _ info: fuse_file_info
  ) throws(TreeError) {
    let file = try tree.open(node, access)
    let handle = Handle(node, .file(file))
    switch modes.enter(node, reading: file.wholeFileDescriptor()) {
    case .through(let backing):
      handles.add(handle)
      if !reply.opened(handle.number, through: backing) { discard(handle) }
    case .cached:
      var info = info
      // Nothing is published by closing it, so the kernel need not say when.
      (info.keep_cache, info.noflush) = (1, 1)
      if !tell(reply, handle, info) { discard(handle) }
    }
  }

  private func tell(_ reply: Reply, _ handle: Handle, _ info: fuse_file_info) -> Bool {
    handles.add(handle)
    var info = info
    info.fh = handle.number
    return reply.opened(info)
  }

  private func note(_ handle: Handle, _ file: OpenFile, _ info: fuse_file_info) {
    guard let inode = try? tree.attributes(of: handle.node).inode else { return }
    openings.add(
      handle.number, of: handle.node, inode, mode: info.flags & O_ACCMODE, by: file.access.processID)
  }

  func create(
    _ reply: Reply, _ name: [UInt8], in directory: NodeNumber, mode: mode_t, _ info: fuse_file_info
  ) {
    atOnce(reply) { () throws(TreeError) in
      let access = access(info, by: reply, isNew: true)
      let (found, file) = try create(name, in: directory, mode: mode, access)
      _ = modes.enterCached(found.node)
      let handle = Handle(found.node, .file(file), writes: true)
      note(handle, file, info)
      handles.add(handle)
      var info = info
      (info.fh, info.keep_cache) = (handle.number, 1)
      if reply.created(found.entry(of: owner), info) { return }
      tree.forget(found.node, lookups: 1)
      discard(handle)
    }
  }
}

extension FuseOperations {
  func create(
    _ name: [UInt8], in directory: NodeNumber, mode: mode_t, _ access: Access
  ) throws(TreeError) -> (Found, OpenFile) {
    try tree.telling("create", name, in: directory) { () throws(TreeError) in
      try tree.create(name, in: directory, isExecutable: mode & 0o100 != 0, access)
    }
  }
}

// Reading and writing.
extension FuseOperations {
  func read(_ reply: Reply, _ handle: Handle, at offset: Int, count: Int) {
    switch handle.opened {
    case .file(let file):
      let step = Self.read(reply, file, at: offset, count: count)
      park(reply, file, step) { Self.read(reply, file, at: offset, count: count, isAgain: true) }
    case .control(let control):
      let text = control.text?.bytes ?? []
      let end = min(offset + count, text.count)
      text[min(offset, end)..<end].withUnsafeBytes { reply.bytes($0) }
    case .directory: reply.fail(Errno(EISDIR))
    }
  }

  private static func read(
    _ reply: Reply, _ file: OpenFile, at offset: Int, count: Int, isAgain: Bool = false
  ) -> ParkedOperation.Step {
    let buffer = ReadBuffer.mine(count)
    switch file.read(into: buffer, at: offset, isAgain: isAgain) {
    case .read(let count):
      reply.bytes(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      return .done
    case .missing: return .needs(offset..<offset + count)
    case .failed(let error): return .failed(error)
    }
  }

  /// The bytes are the kernel's only until this returns.
  func write(
    _ reply: Reply, _ handle: Handle, _ bytes: UnsafeRawBufferPointer, at offset: Int, isFromPageCache: Bool
  ) {
    switch handle.opened {
    case .file(let file):
      let step = Self.write(reply, file, bytes, at: offset, isFromPageCache)
      guard case .needs = step else { return park(reply, file, step) { step } }
      let kept = Array(bytes)
      park(reply, file, step) {
        kept.withUnsafeBytes { Self.write(reply, file, $0, at: offset, isFromPageCache) }
      }
    case .control(let control): write(reply, control, Array(bytes))
    case .directory: reply.fail(Errno(EISDIR))
    }
  }

  private static func write(
    _ reply: Reply, _ file: OpenFile, _ bytes: UnsafeRawBufferPointer, at offset: Int, _ isFromPageCache: Bool
  ) -> ParkedOperation.Step {
    switch file.write(bytes.bytes, at: offset, isFromPageCache: isFromPageCache) {
    case .written:
      reply.wrote(bytes.count)
      return .done
    case .needs(let range): return .needs(range)
    case .failed(let error): return .failed(file.telling("write", error))
    }
  }

  private func write(_ reply: Reply, _ control: OpenControl, _ bytes: [UInt8]) {
    later(.names, reply) { caller throws(TreeError) in
      try control.write(bytes, for: caller)
      reply.wrote(bytes.count)
    }
  }

  private func park(
    _ reply: Reply, _ file: OpenFile, _ step: ParkedOperation.Step,
    _ tryAgain: @escaping @Sendable () -> ParkedOperation.Step
  ) {
    switch step {
    case .done: break
    case .failed(let error): reply.fail(error)
    case .needs(let bytes):
      counts.parked.add()
      let awaited = file.awaiting(bytes)
      ParkedOperation(
        reply, crew: crew, waiting: waiting,
        bring: { bytes, then in
          let bringing = file.bring(bytes, then: then)
          return { bringing.cancel() }
        }, tryAgain: { withExtendedLifetime(awaited, tryAgain) }
      ).begin(with: bytes)
    }
  }

  func allocate(_ reply: Reply, _ handle: Handle, _ bytes: Range<Int>, mode: Int32) {
    let (keepsSize, punches, zeroes): (Int32, Int32, Int32) = (0x01, 0x02, 0x10)
    guard mode & ~(keepsSize | punches | zeroes) == 0, let file = handle.file else {
      return reply.fail(Errno(EOPNOTSUPP))
    }
    later(.files, reply) { caller throws(TreeError) in
      try file.allocate(
        bytes, keepingSize: mode & keepsSize != 0, punching: mode & punches != 0, zeroing: mode & zeroes != 0,
        for: caller)
      reply.succeed()
    }
  }
}

// Closing.
extension FuseOperations {
  /// One `close`, of perhaps several.
  func flush(_ reply: Reply, _ handle: Handle) {
    guard handle.writes else { return reply.succeed() }
    let thread = reply.thread
    later(.files, reply) { [self] caller throws(TreeError) in
      switch handle.opened {
      case .file(let file):
        try tree.telling("close", file.node) { () throws(TreeError) in
          try flush(handle, file, by: CallingProcess.id(ofThread: thread) ?? 0, caller)
        }
      case .control(let control): try control.flush(for: caller)
      case .directory: break
      }
      reply.succeed()
    }
  }

  /// By another process than the one that opened it, or while that has it under another number, it is no close.
  private func flush(
    _ handle: Handle, _ file: OpenFile, by process: pid_t, _ caller: Caller
  ) throws(TreeError) {
    let inode = try tree.attributes(of: file.node).inode
    guard process == file.access.processID, openings.close(handle.number, of: handle.node, inode) else {
      return
    }
    try file.flush(by: process, for: caller)
  }

  func synchronize(_ reply: Reply, _ handle: Handle) {
    guard handle.writes, let file = handle.file else { return reply.succeed() }
    later(.files, reply) { caller throws(TreeError) in
      try file.synchronize(for: caller)
      reply.succeed()
    }
  }

  /// Nobody sees what comes of the last close, so nobody waits for it.
  func close(_ reply: Reply, _ handle: Handle) {
    reply.succeed()
    discard(handle)
  }

  private func discard(_ handle: Handle) {
    handles.remove(handle)
    release(handle)
  }

  func release(_ handle: Handle) {
    guard handle.file != nil else { return }
    if handle.writes { openings.remove(handle.number, of: handle.node) }
    for released in modes.leave(handle.node, handle) {
      errands.add { released.file?.release(for: Caller()) }
    }
  }
}
