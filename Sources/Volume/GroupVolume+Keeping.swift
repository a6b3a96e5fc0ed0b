// Whole files into the cache, because somebody wants them here before he reads them. What has come stays there as
// long as anything in a cache does. What is still to come outlives the program, and so does the list of what came.

package import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

/// What is being fetched now; the ledger says what is wanted, and what has come.
///
/// ## Concurrency model
/// For any thread; the table is under its mutex.
final class KeptFiles: Sendable {
  struct Kept: Sendable {
    let content: FileContent
    let stored: StoredContent
    /// What has come makes no room for the rest.
    let awaited: AwaitedPieces?
    var handle: FetchHandle?
  }

  private struct Table {
    var files: [LedgerKey: Kept] = [:]
    /// Of all of them, as they will be.
    var bytes = 0

    mutating func put(_ kept: Kept?, for file: LedgerKey) -> Kept? {
      let old = files[file]
      files[file] = kept
      bytes += (kept?.stored.layout.fileBytes ?? 0) - (old?.stored.layout.fileBytes ?? 0)
      return old
    }
  }

  private let table = Mutex(Table())

  subscript(file: LedgerKey) -> Kept? { table.withLock { $0.files[file] } }

  var bytes: Int { table.withLock { $0.bytes } }

  /// What was being fetched under that name.
  func begin(_ file: LedgerKey, _ content: FileContent, into stored: StoredContent) -> Kept? {
    let awaited = stored.awaiting(0..<stored.layout.fileBytes)
    return table.withLock { $0.put(Kept(content: content, stored: stored, awaited: awaited), for: file) }
  }

  /// false where it was removed meanwhile.
  func note(_ handle: FetchHandle, for file: LedgerKey, of content: FileContent) -> Bool {
    table.withLock { table in
      guard table.files[file]?.content == content else { return false }
      table.files[file]?.handle = handle
      return true
    }
  }

  /// false where it is no longer what is being fetched.
  func remove(_ file: LedgerKey, of content: FileContent) -> Bool {
    table.withLock { table in
      guard table.files[file]?.content == content else { return false }
      _ = table.put(nil, for: file)
      return true
    }
  }

  func remove(_ file: LedgerKey) -> Kept? { table.withLock { $0.put(nil, for: file) } }
}

extension GroupVolume {
  /// A file, or all that lie below a directory. Returns at once: `downloads` says how far it has come.
  package func keep(_ path: FilePath, of name: GroupName) throws(VolumeError) {
    let group = try group(name)
    guard let below = try files(at: path, in: name) else {
      return try keep(try entry(path, in: group), group)
    }
    for entry in below where !entry.kind.isDirectory { try keep(entry, group) }
  }

  private func keep(_ entry: Entry, _ group: GroupID) throws(VolumeError) {
    guard case .file(let content) = entry.kind else { return }
    let wish = LedgeredWish(LedgerKey(group, entry.path), content: content)
    if let kept = kept[wish.key], kept.content.isSameBytes(as: content) { return }
    guard let name = ContentName(content) else {
      return try onDisk(nil) { () throws(DiskTrouble) in try ledger.putBrought(wish) }
    }
    let stored = try onDisk(nil) { () throws(DiskTrouble) in
      let stored = try store.content(name)
      guard stored.isWhole || hasRoom(for: stored) else {
        noteUnfetched([wish], because: Self.crowdedOut)
        throw .full
      }
      if stored.isWhole { try ledger.putBrought(wish) } else { try ledger.put(wish) }
      return stored
    }
    stored.isWhole ? shareCached(stored, as: wish.key) : fetchWhole(stored, for: wish)
  }

  /// Beside the others that are on their way: else each piece that comes would make room for one that has come.
  private func hasRoom(for stored: StoredContent) -> Bool {
    stored.layout.fileBytes <= store.usage.limitBytes - kept.bytes
  }

  private static let crowdedOut = "the cache has no room for all of it, see --cache-size"

  private func fetchWhole(_ stored: StoredContent, for wish: LedgeredWish) {
    shareCached(stored, as: wish.key)
    kept.begin(wish.key, wish.content, into: stored)?.handle?.cancel()
    let key = ContentKey(group: wish.key.group, root: stored.name.root)
    let handle = swarm.fetchAll(key, into: stored) { [weak self] result in
      guard let self else { return }
      // The swarm's thread must not wait for the disk.
      finishing.post { [self] in noteEnd(of: wish, result) }
    }
    if !kept.note(handle, for: wish.key, of: wish.content) { handle.cancel() }
  }

  private func noteEnd(of wish: LedgeredWish, _ result: Result<Void, FetchTrouble>) {
    switch result {
    case .success:
      // Before it is off the other list, so that who looks finds it on one.
      try? ledger.putBrought(wish)
      if !kept.remove(wish.key, of: wish.content) { forgetBrought(wish) }
    // What was stopped is forgotten there; what the end of the program has stopped goes on when it is back.
    case .failure(.cancelled): return
    case .failure(let trouble):
      guard kept.remove(wish.key, of: wish.content) else { return }
      noteUnfetched([wish], because: TreeError(trouble).sentence)
    }
    forgetWish(wish)
  }

  private func forgetWish(_ wish: LedgeredWish) {
    if ledger.wish(wish.key) == wish { try? ledger.removeWish(wish.key) }
  }

  private func forgetBrought(_ wish: LedgeredWish) {
    if ledger.brought(wish.key) == wish { try? ledger.removeBrought(wish.key) }
  }

  /// What the last end of the program has interrupted, as far as it is still what was asked for.
  func resumeKeeping() {
    lookAfterWishes { _ in true }
    for wish in ledger.wishes where kept[wish.key] == nil {
      guard let name = ContentName(wish.content), let stored = try? store.content(name) else { continue }
      guard stored.isWhole else {
        if hasRoom(for: stored) {
          fetchWhole(stored, for: wish)
        } else {
          forgetWish(wish)
          noteUnfetched([wish], because: Self.crowdedOut)
        }
        continue
      }
      try? ledger.putBrought(wish)
      forgetWish(wish)
    }
  }

  /// false where nothing of the kind was going on.
  func stopKeeping(_ path: FilePath, in group: GroupID) -> Bool {
    let wishes = ledger.wishes { $0.group == group && ($0.path == path || $0.path.isInside(path)) }
    for wish in wishes { endKeeping(wish) }
    return !wishes.isEmpty
  }

  private func endKeeping(_ wish: LedgeredWish) {
    forgetWish(wish)
    kept.remove(wish.key)?.handle?.cancel()
  }

  /// Those that are still what was asked for; also those that wait for a tracker to go on. What has come and had to make
  /// room for something else is off the list.
  var keptNow: [(wish: LedgeredWish, isComplete: Bool)] {
    let onTheWay = ledger.wishes.filter { isStill($0) }
    let complete = ledger.brought.filter { wish in
      let isHere = isStill(wish) && isHere(wish.content)
      if !isHere, !isInDoubt(wish) { forgetBrought(wish) }
      return isHere
    }
    return complete.map { ($0, true) } + onTheWay.map { ($0, false) }
  }

  private func isHere(_ content: FileContent) -> Bool {
    ContentName(content).map { store.isWhole($0) } ?? true
  }

  /// After a crash it is seen in a while what is right of it.
  private func isInDoubt(_ wish: LedgeredWish) -> Bool {
    guard isStill(wish), let name = ContentName(wish.content) else { return false }
    return (try? store.content(name))?.hasDoubts ?? true
  }

  private func isStill(_ wish: LedgeredWish) -> Bool {
    book.groups[wish.key.group] != nil && wish.isStill(kindNow(wish.key))
  }

  /// Where that cannot be read nothing is concluded from it.
  private func kindNow(_ file: LedgerKey) -> Result<Entry.Kind?, VolumeError> {
    Result { () throws(VolumeError) in try found(file.path, in: file.group)?.kind }
  }
}

// What others decide of it.
extension GroupVolume {
  /// It is another content by now, or has left the group.
  func keptFileChanged(_ file: LedgerKey, to now: Entry.Kind?) {
    if let wish = ledger.brought(file), !wish.isStill(.success(now)) { forgetBrought(wish) }
    guard let wish = ledger.wish(file), !wish.isStill(.success(now)) else { return }
    endKeeping(wish)
    noteUnfetched(
      [wish],
      because: now == nil
        ? "it was taken out of the group"
        : "something else was published in its place, which can be started anew")
  }

  /// Where nobody has said what has become of each. What has come is looked at when it is listed.
  func lookAfterWishes(where isMeant: (GroupID) -> Bool) {
    for wish in ledger.wishes(where: { isMeant($0.group) }) { lookAfterKept(wish.key) }
  }

  func lookAfterKept(_ file: LedgerKey) {
    if case .success(let now) = kindNow(file) { keptFileChanged(file, to: now) }
  }

  func moveKept(from: FilePath, to: FilePath, in group: GroupID) {
    func moved(_ wish: LedgeredWish) -> LedgeredWish? {
      wish.key.path.moved(from: from, to: to).map {
        LedgeredWish(LedgerKey(group, $0), content: wish.content)
      }
    }
    let isMeant = { (file: LedgerKey) in
      file.group == group && (file.path == from || file.path.isInside(from))
    }
    for wish in ledger.brought(where: isMeant) {
      if let moved = moved(wish) { try? ledger.putBrought(moved) }
      forgetBrought(wish)
    }
    for wish in ledger.wishes(where: isMeant) {
      let kept = kept.remove(wish.key)
      kept?.handle?.cancel()
      if let moved = moved(wish) {
        try? ledger.put(moved)
        if let kept { fetchWhole(kept.stored, for: moved) }
      }
      forgetWish(wish)
    }
  }

  func forgetKept(of group: GroupID, named name: GroupName) {
    for wish in ledger.brought(where: { $0.group == group }) { forgetBrought(wish) }
    let wishes = ledger.wishes { $0.group == group }
    for wish in wishes { endKeeping(wish) }
    noteUnfetched(wishes, because: "you are no longer in the group", name)
  }

  private static let saidMax = 10

  /// Nobody waits for it at a shell, so the log says it.
  private func noteUnfetched(_ wishes: [LedgeredWish], because why: String, _ group: GroupName? = nil) {
    for wish in wishes.prefix(Self.saidMax) {
      let place = group.map { "\($0)/\(Printable.escaped(wish.key.path.bytes))" } ?? words(for: wish.key)
      log("\(place) is not fetched any further: \(why)")
    }
    if wishes.count > Self.saidMax {
      log("and so are \(wishes.count - Self.saidMax) other files of \(group.map { "\($0)" } ?? "the group")")
    }
  }
}

extension LedgeredWish {
  /// Its bytes; whether it can be executed is none of them.
  fileprivate func isStill(_ now: Result<Entry.Kind?, VolumeError>) -> Bool {
    switch now {
    case .success(.file(let content)?): content.isSameBytes(as: self.content)
    case .success: false
    case .failure: true
    }
  }
}

extension FileContent {
  func isSameBytes(as other: FileContent) -> Bool { root == other.root && size == other.size }
}
