// Room for the cache, and what waits in the state directory for somebody to do something about it.

import Glibc
import GroupModel
import Swarm
import Volume

struct StorageFacts: Hashable, Sendable {
  var freeBytes: UInt64 = 0
  var diskBytes: UInt64 = 0
  /// Of what was downloaded and published; nil where there was no time to count it.
  var cachedBytes: UInt64?
  var cacheBytesMax: UInt64 = 0
  /// Closed, and not published yet.
  var pending = 0
  /// Names in `recovered/`.
  var recovered = 0
}

enum StorageChecks {
  static func findings(_ facts: StorageFacts, state: String, daemonRuns: Bool) -> [Finding] {
    [cache(facts), pending(facts, daemonRuns: daemonRuns), recovered(facts, state)].compactMap { $0 }
  }

  private static func cache(_ facts: StorageFacts) -> Finding {
    let floor = CacheLimit.freeBytes(ofDisk: Int(facts.diskBytes))
    let least = CacheLimit.leastFreeBytes(of: floor)
    let (free, limit) = (ProgressBar.size(facts.freeBytes), ProgressBar.size(facts.cacheBytesMax))
    let cached = Int(facts.cachedBytes ?? 0)
    let room = max(0, Int(facts.freeBytes) - floor) + cached
    let remedy = "make room on that disk, or choose another with --state DIR"
    guard facts.freeBytes > least else {
      return .problem("cache", "\(free) of its disk are free: nothing can be fetched", remedy)
    }
    guard room > 0 else {
      return .warning(
        "cache", "\(free) of its disk are free: nothing is fetched ahead, and what is read does not stay",
        remedy)
    }
    guard room >= facts.cacheBytesMax else {
      return .warning(
        "cache",
        "it may take \(limit), but its disk has room for \(ProgressBar.size(UInt64(room))) only (\(free) free)",
        "make room on that disk, or say less with --cache-size SIZE: what was used longest ago goes earlier")
    }
    let used = facts.cachedBytes.map { "\(ProgressBar.size($0)) of \(limit)" } ?? "up to \(limit)"
    return .ok("cache", "\(used), \(free) of its disk are free")
  }

  private static func pending(_ facts: StorageFacts, daemonRuns: Bool) -> Finding? {
    guard facts.pending > 0 else { return nil }
    let text =
      "\(facts.pending) change\(facts.pending == 1 ? "" : "s") wait\(facts.pending == 1 ? "s" : "") to be published"
    let remedy =
      daemonRuns
      ? "'p2pfs sync' waits for it; a tracker has to answer"
      : "mount again with 'p2pfs mount DIR': it is published then"
    return .warning("unpublished", text, remedy)
  }

  private static func recovered(_ facts: StorageFacts, _ state: String) -> Finding? {
    guard facts.recovered > 0 else { return nil }
    let folder = Quoted.text("\(state)/recovered")
    return .warning(
      "recovered",
      "\(facts.recovered) file\(facts.recovered == 1 ? "" : "s") in \(folder), saved from a crash or a refusal",
      "look at them, copy what you want into the mount, and remove the rest")
  }
}

// The facts, as they are here.
extension StorageFacts {
  static func of(_ state: String, _ options: Options) -> StorageFacts {
    var facts = StorageFacts()
    facts.cacheBytesMax = options.cacheBytesMax
    (facts.freeBytes, facts.diskBytes) = disk(near: state)
    facts.pending = JournalFolder.pendingCount(in: state)
    facts.recovered = FolderNames.of("\(state)/recovered").count
    return facts
  }

  /// Of the disk on which it lies, or will lie.
  private static func disk(near path: String) -> (freeBytes: UInt64, bytes: UInt64) {
    var place = WorkingDirectory.absolute(path)
    var status = statvfs()
    while statvfs(place, &status) != 0 {
      guard errno == ENOENT, let cut = place.lastIndex(of: "/"), place != "/" else { return (0, 0) }
      place = cut == place.startIndex ? "/" : String(place[..<cut])
    }
    let blockBytes = UInt64(status.f_frsize)
    return (UInt64(status.f_bavail) * blockBytes, UInt64(status.f_blocks) * blockBytes)
  }

  /// What the cache's files occupy. May take its time.
  static func cachedBytes(in state: String) -> UInt64 {
    let objects = "\(state)/cache/objects"
    var blocks: UInt64 = 0
    for shelf in FolderNames.of(objects) {
      for content in FolderNames.of("\(objects)/\(shelf)") {
        var status = stat()
        if lstat("\(objects)/\(shelf)/\(content)/data", &status) == 0 { blocks += UInt64(status.st_blocks) }
      }
    }
    return blocks * 512
  }
}
