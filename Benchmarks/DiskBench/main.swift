// How fast the disk's room is: hashing a local file, putting verified runs, reading them back; MB/s and the
// processor's seconds a GiB. The reference of each is SHA-256 and the copy that it cannot do without.

import Glibc
import GroupModel
import Link
import Swarm

func mebibytes(_ count: Int) -> Int { count << 20 }

func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(0, &usage)
  return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

func measure(_ what: String, _ byteCount: Int, _ body: () throws -> Void) rethrows {
  let start = Instant.now
  let processor = processorSeconds()
  try body()
  let seconds = Double(Instant.now.nanoseconds - start.nanoseconds) / 1e9
  let perGiB = (processorSeconds() - processor) / (Double(byteCount) / Double(1 << 30))
  let rate = Int(Double(byteCount) / seconds / 1e6)
  print("\(what): \(rate) MB/s, \(Int(perGiB * 1000)) ms of processor a GiB, \(Int(seconds * 1e6)) us")
}

func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let threads = (0..<count).map { index in WorkerThread("bench-\(index)") { body(index) } }
  for thread in threads { thread.join() }
}

let folder = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "/tmp"
let byteCount = mebibytes(1024)

var template = Array("\(folder)/p2pfs-disk-bench-XXXXXX".utf8CString)
let place = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
let source = LocalPath(place + "/source")!

func writeSource() {
  var words = [UInt64](repeating: 0, count: mebibytes(1) / 8)
  let file = open(source.description, O_RDWR | O_CREAT, 0o600)
  for part in 0..<byteCount / mebibytes(1) {
    for index in words.indices { words[index] = UInt64(part << 20 | index) &* 0x9E37_79B9_7F4A_7C15 }
    _ = words.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, part << 20) }
  }
  close(file)
}

writeSource()
let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
let sourceFile = open(source.description, O_RDONLY)
for part in stride(from: 0, to: byteCount, by: mebibytes(64)) {
  _ = pread(sourceFile, bytes.baseAddress! + part, mebibytes(64), part)
}
nonisolated(unsafe) let all = UnsafeRawBufferPointer(bytes)

var hashed: HashedFile?
measure("SHA-256 of memory by blocks", byteCount) {
  for start in stride(from: 0, to: byteCount, by: 16384) {
    _ = Digest(hashing: UnsafeRawBufferPointer(rebasing: all[start..<start + 16384]))
  }
}
measure("pwrite of 512 KiB to a fresh sparse file", byteCount) {
  let file = open(place + "/plain", O_RDWR | O_CREAT, 0o600)
  ftruncate(file, byteCount)
  for start in stride(from: 0, to: byteCount, by: 524_288) {
    pwrite(file, all.baseAddress! + start, 524_288, start)
  }
  close(file)
}
unlink(place + "/plain")
try measure("hash a local file", byteCount) { hashed = try HashedFile.hash(source) { _, _ in true } }
let tree = hashed!.tree!
let name = hashed!.content!
let lists = (0..<name.layout.nodeCount(atHeight: 9)).map {
  tree.hashList(of: Subtree(height: 9, index: $0, in: name.layout)!, base: 0)!
}

func put(_ runBlocks: Int, threads: Int) throws {
  let path = place + "/cache-\(runBlocks)-\(threads)"
  let store = try PieceStore(at: LocalPath(path)!, limit: CacheLimit(bytes: 1 << 40, freeBytes: 0))
  let content = try store.content(name)
  measure("merge all hash lists", byteCount) { for list in lists { _ = content.merge(list) } }
  measure("put in runs of \(runBlocks * 16) KiB by \(threads)", byteCount) {
    inParallel(threads) { thread in
      var start = thread * runBlocks
      while start < name.layout.blockCount {
        let run = BlockRange(start..<min(start + runBlocks, name.layout.blockCount))!
        let range = name.layout.bytes(of: run)
        let result = content.put(run, UnsafeRawBufferPointer(rebasing: all[range]).bytes)
        guard case .kept = result else { return print("\(result)") }
        start += threads * runBlocks
      }
    }
  }
  measure("read back in 128 KiB", byteCount) { read(content, 131_072) }
  measure("read back in 1 MiB", byteCount) { read(content, mebibytes(1)) }
  measure("save", byteCount) { store.save() }
  measure("close", byteCount) { store.close() }
  let again = try PieceStore(at: LocalPath(path)!, limit: CacheLimit(bytes: 1 << 40, freeBytes: 0))
  var reopened: StoredContent?
  try measure("open again, with its hashes", byteCount) { reopened = try again.content(name) }
  measure("first read after opening, hashed", byteCount) { read(reopened!, mebibytes(1)) }
  again.close()
  _ = system("rm -rf \(path)")
}

func read(_ content: StoredContent, _ count: Int) {
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
  for start in stride(from: 0, to: byteCount, by: count) {
    guard content.read(into: buffer, at: start) == .read(count) else { return print("missing") }
  }
  buffer.deallocate()
}

for (runBlocks, threads) in [(8, 1), (32, 1), (32, 2), (1, 1)] { try put(runBlocks, threads: threads) }

let store = try PieceStore(at: LocalPath(place + "/cache")!, limit: CacheLimit(bytes: 1 << 40, freeBytes: 0))
for isSynced in [false, true] {
  let draft = try store.draft()
  measure("draft written in 128 KiB", byteCount) {
    for start in stride(from: 0, to: byteCount, by: 131_072) {
      guard
        draft.write(UnsafeRawBufferPointer(rebasing: all[start..<start + 131_072]).bytes, at: start) == .done
      else { return print("no") }
    }
  }
  measure("draft finished, \(isSynced ? "" : "not ")synced", byteCount) { _ = draft.finish(synced: isSynced) }
}
measure("1,000 drafts of 4 KiB, not synced", 4_096_000) {
  for index in 0..<1000 {
    guard let draft = try? store.draft() else { return print("no") }
    _ = draft.write(UnsafeRawBufferPointer(rebasing: all[index * 5000..<index * 5000 + 4096]).bytes, at: 0)
    _ = draft.finish(synced: false)
  }
}
measure("100 drafts of 4 KiB, synced", 409_600) {
  for index in 0..<100 {
    guard let draft = try? store.draft() else { return print("no") }
    _ = draft.write(UnsafeRawBufferPointer(rebasing: all[index * 7000..<index * 7000 + 4096]).bytes, at: 0)
    _ = draft.finish(synced: true)
  }
}
try measure("share in place", byteCount) { _ = try store.share(hashed!) }
store.close()
_ = system("rm -rf \(place)")
