// The conversation with the kernel. libfuse mounts, understands requests and writes answers; the threads that read are
// ours: answers that come late, from other threads, find the descriptor on which the request came, and the threads can
// be stopped without being cancelled.

import CFuse
import CLinux
import Glibc
import Link
import Synchronization
import Volume

/// ## Concurrency model
/// `init` and `run` for one thread, `stop` for every one. In between the readers' threads, and all that answer.
final class FuseSession: @unchecked Sendable {
  private static let readersMax = 16

  let operations: FuseOperations
  private let memory: KernelMemory
  private let mountPoint: String
  private let tuning: KernelTuning
  private let device = FuseDevice()
  private let offer = Mutex(FuseOffer())
  private let canExpire = Atomic(false)
  private let isAnsweringInit = Atomic(false)
  private let isAgreed = Atomic(false)
  private let isOver = Atomic(false)
  private let bell = Semaphore()
  private let clones = Mutex<[Int32]>([])
  /// libfuse's; from `init` to the end of `run`.
  private var session: OpaquePointer!

  /// Mounts.
  init(
    _ tree: Tree, _ memory: KernelMemory, at mountPoint: String, _ options: [String], _ tuning: KernelTuning,
    counting counts: MountCounts
  ) throws(Failure) {
    operations = FuseOperations(
      tree, of: .ofProcess, device.backings(for: Handle.self), counting: counts)
    self.memory = memory
    self.mountPoint = mountPoint
    self.tuning = tuning
    session = try makeSession(options)
    do throws(Failure) { try mount() } catch {
      fuse_session_destroy(session)
      throw error
    }
  }

  static func of(_ data: UnsafeMutableRawPointer?) -> FuseSession {
    Unmanaged<FuseSession>.fromOpaque(data!).takeUnretainedValue()
  }

  private func makeSession(_ options: [String]) throws(Failure) -> OpaquePointer {
    var arguments = fuse_args()
    defer { fuse_opt_free_args(&arguments) }
    for word in ["p2pfs"] + options.flatMap({ ["-o", $0] }) { fuse_opt_add_arg(&arguments, word) }
    var table = FuseCallbacks.table()
    let me = Unmanaged.passUnretained(self).toOpaque()
    let (session, words) = FuseWords.heard {
      fuse_session_new(&arguments, &table, MemoryLayout.size(ofValue: table), me)
    }
    guard let session else { throw .usage("\(words): see 'p2pfs help mount' for what may stand behind -o") }
    return session
  }

  private func mount() throws(Failure) {
    let (result, words) = FuseWords.heard { fuse_session_mount(session, mountPoint) }
    guard result == 0 else {
      let reason = words.isEmpty ? "" : " (\(words))"
      throw .cannotMount(
        "mounting on \(Quoted.text(mountPoint)) failed\(reason): check that the directory is yours and that the "
          + "package fuse3 is installed")
    }
    device.number = fuse_session_fd(session)
    var door = fuse_custom_io()
    door.read = { descriptor, buffer, count, _ in Glibc.read(descriptor, buffer, count) }
    door.writev = { descriptor, parts, count, data in
      FuseSession.of(data).send(UnsafeMutableBufferPointer(start: parts, count: Int(count)), by: descriptor)
    }
    fuse_session_custom_io(session, &door, device.number)
  }
}

// From the first message to the last.
extension FuseSession {
  /// Until the directory was unmounted, or `stop`.
  func run(ready: () -> Void) {
    let readers = FuseReaders(take: { self.take($0) }, ended: { self.end() })
    readers.start(device.number)
    while !isAgreed.load(ordering: .acquiring), !isOver.load(ordering: .acquiring) { bell.wait() }
    if !isOver.load(ordering: .acquiring) {
      addReaders(readers)
      memory.attach { [self] node, forgotten in forget(forgotten, of: node) }
      widenReadahead()
      ready()
    }
    while !isOver.load(ordering: .acquiring) { bell.wait() }
    finish(readers)
  }

  func stop() {
    if !isOver.load(ordering: .acquiring) { MountPlace.detach(mountPoint) }
    end()
  }

  /// It is unmounted here; another namespace may have a copy of the mount, which is cut off.
  func end() {
    isOver.store(true, ordering: .releasing)
    bell.signal()
  }

  private func addReaders(_ readers: FuseReaders) {
    let count = min(max(4, sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 2), Self.readersMax)
    for _ in 1..<count {
      let clone = device.clone()
      if let clone { clones.withLock { $0.append(clone) } }
      readers.start(clone ?? device.number)
    }
  }

  /// The order matters: whoever is told to forget something may wait for an operation that waits; so first nobody
  /// waits, then nothing is told, then nothing is read, and only then the descriptors go, by which all that is still
  /// open in the directory is cut off.
  private func finish(_ readers: FuseReaders) {
    operations.interruptAll()
    memory.detach()
    readers.stop()
    fuse_session_exit(session)
    operations.end()
    for clone in clones.withLock({ $0 }) { close(clone) }
    fuse_session_destroy(session)
    session = nil
  }
}

// One message.
extension FuseSession {
  private func take(_ message: UnsafeMutableRawBufferPointer) {
    if !isAgreed.load(ordering: .acquiring), let offer = FuseOffer(UnsafeRawBufferPointer(message)) {
      self.offer.withLock { $0 = offer }
    }
    var buffer = fuse_buf()
    (buffer.mem, buffer.size) = (message.baseAddress, message.count)
    fuse_session_process_buf(session, &buffer)
  }

  /// libfuse has decoded INIT, and sends its answer next.
  func negotiate(_ connection: inout fuse_conn_info) {
    let wanted =
      FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_PARALLEL_DIROPS
      | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_CACHE_SYMLINKS
      | FUSE_CAP_EXPLICIT_INVAL_DATA
    connection.want = connection.capable & UInt32(wanted)
    tuning.apply(to: &connection)
    canExpire.store(connection.capable & UInt32(FUSE_CAP_EXPIRE_ONLY) != 0, ordering: .releasing)
    isAnsweringInit.store(true, ordering: .releasing)
  }

  /// For libfuse: -1 and `errno` where the kernel does not take it.
  private func send(_ parts: UnsafeMutableBufferPointer<iovec>, by descriptor: Int32) -> Int {
    if isAnsweringInit.load(ordering: .relaxed) { agree(in: parts) }
    let header = parts[0].iov_base!.assumingMemoryBound(to: fuse_out_header.self)
    let count =
      header.pointee.unique & FuseSession.interruptBit == 0
      ? write(parts, by: FuseChannel.current ?? descriptor) : writeAnywhere(parts)
    // Whoever asked has gone, or the whole directory has: of anything but ENOENT libfuse would complain.
    if count < 0, errno != EINVAL { errno = ENOENT }
    return count
  }

  private static let interruptBit: UInt64 = 1

  private func write(_ parts: UnsafeMutableBufferPointer<iovec>, by descriptor: Int32) -> Int {
    writev(descriptor, parts.baseAddress, Int32(parts.count))
  }

  /// An interrupt that came before its request was taken up, and is to come again: the kernel knows it only where the
  /// request was read, which may be elsewhere.
  private func writeAnywhere(_ parts: UnsafeMutableBufferPointer<iovec>) -> Int {
    var count = write(parts, by: device.number)
    for clone in clones.withLock({ $0 }) where count < 0 { count = write(parts, by: clone) }
    return count
  }

  private func agree(in parts: UnsafeMutableBufferPointer<iovec>) {
    isAnsweringInit.store(false, ordering: .relaxed)
    guard parts.count == 2, let answer = parts[1].iov_base else { return }
    let isPassing = getenv("P2PFS_PASSTHROUGH").map { String(cString: $0) } != "0"
    let offer = offer.withLock { $0 }
    offer.accept(
      in: UnsafeMutableRawBufferPointer(start: answer, count: parts[1].iov_len), passthrough: isPassing)
    if isPassing, offer.hasPassthrough { operations.modes.enable() }
    isAgreed.store(true, ordering: .releasing)
    bell.signal()
  }
}

// What the kernel is told of itself.
extension FuseSession {
  private func forget(_ forgotten: Forgotten, of node: NodeNumber) {
    // Expiring a name makes the kernel look it up again; forgetting it would cut off whoever stands in that directory.
    let flags = canExpire.load(ordering: .acquiring) ? FUSE_LL_EXPIRE_ONLY : fuse_expire_flags(0)
    for name in forgotten.names {
      (name + [0]).withUnsafeBytes { bytes in
        let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        _ = fuse_lowlevel_notify_expire_entry(session, node.value, text, name.count, flags)
      }
    }
    guard forgotten.hasAttributes || forgotten.hasBytes else { return }
    // From a negative offset on there are no bytes, only attributes.
    fuse_lowlevel_notify_inval_inode(session, node.value, forgotten.hasBytes ? 0 : -1, 0)
  }

  private func widenReadahead() {
    var bytes = Glibc.stat()
    guard geteuid() == 0, stat(mountPoint, &bytes) == 0 else { return }
    // Of a device without a driver the major number is 0, and the minor all the rest.
    let minor = (bytes.st_dev & 0xff) | ((bytes.st_dev >> 12) & ~0xff)
    let file = open("/sys/class/bdi/0:\(minor)/read_ahead_kb", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let text = "\(tuning.readaheadKiB)"
    _ = Glibc.write(file, text, text.utf8.count)
    close(file)
  }
}
