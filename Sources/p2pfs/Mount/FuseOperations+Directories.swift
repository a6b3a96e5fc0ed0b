// Listings. One is made when a directory is opened, and stays what it was until it is closed: so an offset is a place
// in it, whatever others create and remove meanwhile.

import CFuse
import Glibc
import Volume

extension FuseOperations {
  func openDirectory(_ reply: Reply, _ node: NodeNumber, _ info: fuse_file_info) {
    atOnce(reply) { () throws(TreeError) in
      let handle = Handle(node, .directory(try tree.openDirectory(node)))
      handles.add(handle)
      var info = info
      info.fh = handle.number
      if !reply.opened(info) { handles.remove(handle) }
    }
  }

  func closeDirectory(_ reply: Reply, _ handle: Handle) {
    handles.remove(handle)
    reply.succeed()
  }

  func list(_ reply: Reply, _ handle: Handle, from offset: Int, room: Int, withAttributes: Bool) {
    guard case .directory(let directory) = handle.opened else { return reply.fail(Errno(EBADF)) }
    var page = ListingPage(room: room)
    var index = offset
    while index < directory.items.count + 2 {
      let item = ListedItem(index, in: directory, at: handle.node)
      let fits = withAttributes ? page.add(item, entry(of: item, in: directory)) : page.add(item)
      guard fits else { break }
      index += 1
    }
    reply.bytes(page.bytes)
  }

  /// What has gone since is listed without attributes: a listing that fails is a short one to many programs.
  private func entry(of item: ListedItem, in directory: OpenDirectory) -> () -> fuse_entry_param {
    { [owner] in
      if let index = item.index, let found = directory.lookUp(index) { return found.entry(of: owner) }
      var entry = fuse_entry_param()
      entry.attr = item.stat
      return entry
    }
  }
}

/// One name of a listing, `.` and `..` among them.
struct ListedItem {
  let name: [UInt8]
  let stat: stat
  /// Where the next one is.
  let next: off_t
  /// Its place in the directory; nil for `.` and `..`.
  let index: Int?

  init(_ place: Int, in directory: OpenDirectory, at node: NodeNumber) {
    next = off_t(place + 1)
    var stat = Glibc.stat()
    if place < 2 {
      index = nil
      name = [UInt8](repeating: UInt8(ascii: "."), count: place + 1)
      (stat.st_ino, stat.st_mode) = (ino_t(node.value), S_IFDIR)
    } else {
      let item = directory.items[place - 2]
      index = place - 2
      name = item.name
      (stat.st_ino, stat.st_mode) = (ino_t(item.inode), item.kind.modeBits)
    }
    self.stat = stat
  }
}

/// What one READDIR is answered with, in this thread's buffer.
struct ListingPage {
  private let buffer: UnsafeMutableRawBufferPointer
  private var filled = 0

  init(room: Int) { buffer = ReadBuffer.mine(min(room, ReadBuffer.byteCount)) }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<filled]) }

  private var place: UnsafeMutablePointer<CChar>? {
    buffer.baseAddress.map { ($0 + filled).assumingMemoryBound(to: CChar.self) }
  }

  /// False where it does not fit.
  mutating func add(_ item: ListedItem) -> Bool {
    var stat = item.stat
    let room = buffer.count - filled
    let needed = item.withName { fuse_add_direntry(nil, place, room, $0, &stat, item.next) }
    guard needed <= room else { return false }
    filled += needed
    return true
  }

  /// Looks up only what fits, since each lookup counts.
  mutating func add(_ item: ListedItem, _ entry: () -> fuse_entry_param) -> Bool {
    let room = buffer.count - filled
    let needed = item.withName { fuse_add_direntry_plus(nil, nil, 0, $0, nil, 0) }
    guard needed <= room else { return false }
    var entry = entry()
    _ = item.withName { fuse_add_direntry_plus(nil, place, room, $0, &entry, item.next) }
    filled += needed
    return true
  }
}

extension ListedItem {
  fileprivate func withName<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { buffer in
      for (place, byte) in name.enumerated() { buffer[place] = CChar(bitPattern: byte) }
      buffer[name.count] = 0
      return body(UnsafePointer(buffer.baseAddress!))
    }
  }
}
