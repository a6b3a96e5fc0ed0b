// One request of the kernel, which is answered exactly once: by whoever is first, and by EIO when nobody was.

import CFuse
import Glibc
import Link
import Synchronization
import Volume

/// ## Concurrency model
/// For every thread; but nobody answers from within what `onInterrupt` was given: libfuse holds the request there.
final class Reply: Answerable, @unchecked Sendable {
  private struct State {
    var isAnswered = false
    var listener: Listener?
  }

  /// libfuse's, until it is answered.
  private let request: fuse_req_t
  /// The request came through it, and the kernel takes the answer nowhere else.
  private let channel: Int32?
  /// 0 where the kernel itself asks.
  let thread: pid_t
  private let state = Mutex(State())
  private let began = Instant.now
  private let times: Histogram

  init(_ request: fuse_req_t, timing times: Histogram) {
    self.request = request
    self.times = times
    channel = FuseChannel.current
    thread = fuse_req_ctx(request).pointee.pid
  }

  deinit {
    if !state.withLock({ $0.isAnswered }) { fail(Errno(EIO)) }
  }

  /// At once where it was interrupted before; never where it is answered.
  func onInterrupt(_ body: @escaping @Sendable () -> Void) {
    let listener = Listener(body)
    let heard: fuse_interrupt_func_t = { _, data in
      if let data { Unmanaged<Listener>.fromOpaque(data).takeUnretainedValue().body() }
    }
    state.withLock { state in
      guard !state.isAnswered else { return }
      state.listener = listener
      fuse_req_interrupt_func(request, heard, Unmanaged.passUnretained(listener).toOpaque())
    }
  }

  /// False when the kernel does not want it any longer, or somebody answered before.
  private func answer(_ send: (fuse_req_t) -> Int32) -> Bool {
    let (isFirst, listener) = state.withLock { state in
      defer { state = State(isAnswered: true) }
      return (!state.isAnswered, state.listener)
    }
    guard isFirst else { return false }
    // Waits until a listener that was called has returned.
    if listener != nil { fuse_req_interrupt_func(request, nil, nil) }
    defer { times.record(since: began) }
    return withExtendedLifetime(listener) { FuseChannel.using(channel) { send(request) } == 0 }
  }
}

private final class Listener: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

// The answers. Those that give the kernel something to give back say whether it has it.
extension Reply {
  func fail(_ errno: Errno) { _ = answer { fuse_reply_err($0, errno.number) } }

  func fail(_ error: TreeError) { fail(Errno(error)) }

  func succeed() { _ = answer { fuse_reply_err($0, 0) } }

  func bytes(_ bytes: UnsafeRawBufferPointer) {
    let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    _ = answer { fuse_reply_buf($0, start, bytes.count) }
  }

  func wrote(_ count: Int) { _ = answer { fuse_reply_write($0, count) } }

  func attributes(_ attributes: Attributes, of owner: MountOwner) {
    var bytes = attributes.stat(of: owner)
    _ = answer { fuse_reply_attr($0, &bytes, attributes.lifetimeSeconds) }
  }

  func entry(_ entry: fuse_entry_param) -> Bool {
    var entry = entry
    return answer { fuse_reply_entry($0, &entry) }
  }

  /// The kernel remembers that there is no such name.
  func noEntry() {
    var entry = fuse_entry_param()
    entry.entry_timeout = Lifetime.told
    _ = answer { fuse_reply_entry($0, &entry) }
  }

  func opened(_ info: fuse_file_info) -> Bool {
    var info = info
    return answer { fuse_reply_open($0, &info) }
  }

  /// As `fuse_reply_open`, with what this libfuse does not know: the file that the kernel reads by itself.
  func opened(_ handle: UInt64, through backing: UInt32) -> Bool {
    var bytes = fuse_open_out(fh: handle, open_flags: p2pfs_fopen_passthrough, padding: backing)
    return answer { request in
      withUnsafeBytes(of: &bytes) {
        fuse_reply_buf(request, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
      }
    }
  }

  func created(_ entry: fuse_entry_param, _ info: fuse_file_info) -> Bool {
    var (entry, info) = (entry, info)
    return answer { fuse_reply_create($0, &entry, &info) }
  }

  func target(_ target: [UInt8]) {
    _ = answer { request in
      (target + [0]).withUnsafeBytes {
        fuse_reply_readlink(request, $0.baseAddress?.assumingMemoryBound(to: CChar.self))
      }
    }
  }

  func space(_ space: statvfs) {
    var space = space
    _ = answer { fuse_reply_statfs($0, &space) }
  }

  /// What `getxattr` and `listxattr` ask: with no room, how much would be needed.
  func value(_ value: [UInt8], room: Int) {
    if room == 0 {
      _ = answer { fuse_reply_xattr($0, value.count) }
    } else if value.count > room {
      fail(Errno(ERANGE))
    } else {
      value.withUnsafeBytes { bytes($0) }
    }
  }
}
