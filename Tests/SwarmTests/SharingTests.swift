// Files of the user's that are shared from where they lie: served as they were, or no longer at all.

import TestSupport
import Glibc
import GroupModel
import Synchronization
import Testing

@testable import Swarm

@Suite struct SharingTests {
  private struct Shared {
    let place = Place()
    let heard = Heard()
    let sample: Sample
    let path: LocalPath
    let store: PieceStore
    let content: StoredContent

    init(byteCount: Int = 2_000_000, random: inout SeededRandom) throws {
      sample = Sample(byteCount: byteCount, random: &random)
      path = place.write("film.mkv", sample.bytes)
      store = try PieceStore(place, observer: heard.observer)
      let hashed = try HashedFile.hash(path) { _, _ in true }
      #expect(hashed.tree?.root == sample.tree.root)
      content = try store.share(hashed)!
    }

    /// Never a wrong byte; whether the content is still here.
    func isStillServed() -> Bool {
      #expect(sample.readable(from: content) != nil)
      return content.isWhole
    }
  }

  @Test func `a shared file is served without a second copy`() throws {
    var random = SeededRandom()
    let shared = try Shared(random: &random)
    #expect(shared.sample.readsAll(from: shared.content) == .right)
    #expect(shared.content.isWhole && shared.content.sharedPaths == [shared.path])
    #expect(shared.content.hashList(of: Subtree(piece: 2, in: shared.sample.layout)!, base: 0) != nil)
    #expect(
      !shared.store.shelf.objects.has("\(shared.sample.name.shelfName)/\(shared.sample.name.folderName)/data")
    )
    #expect(shared.heard.gained == BlockSet(allOf: shared.sample.layout))
  }

  @Test func `after a restart it is shared on, and not hashed again`() throws {
    var random = SeededRandom()
    let shared = try Shared(random: &random)
    shared.store.abandon()
    let store = try PieceStore(shared.place)
    #expect(try store.isShared(shared.path, as: shared.sample.name))
    let content = try store.content(shared.sample.name)
    #expect(content.isWhole)
    #expect(content.proof(of: Subtree(block: 9, in: shared.sample.layout)!) != nil)
    #expect(shared.sample.readsAll(from: content) == .right)
  }

  enum Change: CaseIterable {
    case overwritten, shrunk, grown, replaced, removed, renamed, touched, madeLarge
  }

  @Test(arguments: Change.allCases)
  func `a change behind our back ends the share with its reason`(change: Change) throws {
    var random = SeededRandom()
    let shared = try Shared(random: &random)
    let text = shared.path.description
    change.make(to: text)
    #expect(!shared.isStillServed())
    #expect(shared.heard.ends == [change.end])
    #expect(shared.heard.lost == BlockSet(allOf: shared.sample.layout))
    #expect(shared.content.sharedPaths.isEmpty)
    shared.store.close()
    #expect(try !PieceStore(shared.place).isShared(shared.path, as: shared.sample.name))
  }

  @Test(arguments: Change.allCases)
  func `a change while the daemon was away is found when it returns`(change: Change) throws {
    var random = SeededRandom()
    let shared = try Shared(random: &random)
    shared.store.close()
    change.make(to: shared.path.description)
    let heard = Heard()
    let content = try PieceStore(shared.place, observer: heard.observer).content(shared.sample.name)
    #expect(shared.sample.readable(from: content) == 0)
    #expect(heard.ends == [change.end])
  }

  @Test func `another mode or another link to it does not end the share`() throws {
    var random = SeededRandom()
    let shared = try Shared(random: &random)
    chmod(shared.path.description, 0o600)
    #expect(shared.isStillServed())
    link(shared.path.description, shared.place.path + "/other name")
    #expect(shared.isStillServed())
    #expect(shared.sample.readsAll(from: shared.content) == .right)
    #expect(shared.heard.ends.isEmpty)
    shared.store.close()
    #expect(try PieceStore(shared.place).isShared(shared.path, as: shared.sample.name))
  }

  @Test func `a change that hides behind an old time is found by the hashes`() throws {
    var random = SeededRandom()
    let shared = try Shared(random: &random)
    var status = stat()
    stat(shared.path.description, &status)
    let file = open(shared.path.description, O_WRONLY)
    pwrite(file, "x", 1, 40_000)
    futimens(file, [status.st_mtim, status.st_mtim])
    close(file)
    #expect(!shared.isStillServed())
    #expect(shared.heard.ends == [.modified])
  }

  @Test func `a file that changes while it is read from many threads gives no wrong byte`() throws {
    var random = SeededRandom()
    let shared = try Shared(byteCount: 8_000_000, random: &random)
    let wrong = Atomic(0)
    inParallel(3, seed: random.next()) { random in
      for _ in 0..<200 {
        let start = Int.random(in: 0..<7_000_000, using: &random)
        if shared.sample.reads(start..<start + 900_000, from: shared.content) == .wrong {
          wrong.add(1, ordering: .relaxed)
        }
        if Int.random(in: 0..<100, using: &random) == 0 {
          let file = open(shared.path.description, O_WRONLY)
          pwrite(file, "changed", 7, start)
          close(file)
        }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(shared.heard.ends.count == 1)
  }

  @Test func `one content at two places outlives the loss of one`() throws {
    var random = SeededRandom()
    let shared = try Shared(random: &random)
    let second = shared.place.write("copy.mkv", shared.sample.bytes)
    _ = try shared.store.share(try HashedFile.hash(second) { _, _ in true })
    unlink(shared.path.description)
    #expect(shared.sample.readsAll(from: shared.content) == .right)
    #expect(shared.content.sharedPaths == [second])
    #expect(shared.heard.lost.isEmpty && shared.heard.ends == [.removed])
  }

  @Test func `what the user stops is no longer served`() throws {
    var random = SeededRandom()
    let shared = try Shared(random: &random)
    shared.content.stopSharing(shared.path)
    #expect(!shared.isStillServed())
    #expect(shared.heard.ends == [.stopped])
    #expect(bytes(of: shared.path) == shared.sample.bytes)
  }

  @Test func `a file that changed after it was hashed is not shared`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let path = place.write("a", Sample(byteCount: 50_000, random: &random).bytes)
    let hashed = try HashedFile.hash(path) { _, _ in true }
    _ = place.write("a", Sample(byteCount: 50_000, random: &random).bytes)
    #expect(throws: DiskTrouble.changed) { try store.share(hashed) }
  }
}

extension SharingTests.Change {
  var end: ContentChange.ShareEnd {
    switch self {
    case .replaced: .replaced
    case .removed, .renamed: .removed
    default: .modified
    }
  }

  func make(to path: String) {
    switch self {
    case .overwritten:
      let file = open(path, O_WRONLY)
      pwrite(file, "x", 1, 40_000)
      close(file)
    case .shrunk: truncate(path, 1_000_000)
    case .grown: truncate(path, 2_000_001)
    case .madeLarge: truncate(path, 1 << 40)
    case .removed: unlink(path)
    case .renamed: rename(path, path + ".old")
    case .touched: run("touch", path)
    case .replaced:
      run("cp", path, path + ".new")
      rename(path + ".new", path)
    }
  }
}

@Suite struct HashingTests {
  @Test func `hashing tells its progress and can be called off`() throws {
    var random = SeededRandom()
    let place = Place()
    let path = place.write("big", Sample(byteCount: 5_000_000, random: &random).bytes)
    var steps: [Int] = []
    let trouble = #expect(throws: DiskTrouble.self) {
      try HashedFile.hash(path) { done, all in
        #expect(all == 5_000_000)
        steps.append(done)
        return done < 1_000_000
      }
    }
    #expect(trouble == .cancelled)
    #expect(steps == [524_288, 1_048_576])
  }

  @Test func `a file that changes while it is hashed is not taken for any content`() throws {
    var random = SeededRandom()
    let place = Place()
    let path = place.write("big", Sample(byteCount: 5_000_000, random: &random).bytes)
    #expect(throws: DiskTrouble.changed) {
      try HashedFile.hash(path) { done, _ in
        if done > 4_000_000 {
          let file = open(path.description, O_WRONLY)
          pwrite(file, "x", 1, 17)
          close(file)
        }
        return true
      }
    }
    #expect(throws: DiskTrouble.changed) {
      try HashedFile.hash(path) { done, _ in
        truncate(path.description, 600_000)
        return true
      }
    }
  }

  @Test func `what is no file is refused with its reason`() throws {
    let place = Place()
    mkfifo(place.path + "/pipe", 0o600)
    symlink("nowhere", place.path + "/link")
    #expect(throws: DiskTrouble.notAFile) { try HashedFile.hash(place.local("pipe")) { _, _ in true } }
    #expect(throws: DiskTrouble.isDirectory) { try HashedFile.hash(place.local("")) { _, _ in true } }
    #expect(throws: DiskTrouble.missing) { try HashedFile.hash(place.local("link")) { _, _ in true } }
    #expect(throws: DiskTrouble.notAFile) { try HashedFile.hash(LocalPath("/dev/zero")!) { _, _ in true } }
    #expect(try HashedFile.hash(place.write("empty", [])) { _, _ in true }.tree == nil)
  }

  @Test func `files are hashed on threads of their own, and closing ends them`() throws {
    var random = SeededRandom()
    let place = Place()
    let hasher = FileHasher(threadCount: 2)
    let samples = (0..<6).map { _ in Sample(byteCount: 1_000_000, random: &random) }
    let roots = Mutex<[LocalPath: ContentRoot]>([:])
    for (index, sample) in samples.enumerated() {
      let path = place.write("\(index)", sample.bytes)
      _ = hasher.hash(path) { result in
        if case .success(let file) = result { roots.withLock { $0[path] = file.tree?.root } }
      }
    }
    #expect(eventually { roots.withLock { $0.count } == samples.count })
    for (index, sample) in samples.enumerated() {
      #expect(roots.withLock { $0[place.local("\(index)")] } == sample.tree.root)
    }
    let ended = Atomic(0)
    for _ in 0..<20 {
      _ = hasher.hash(place.local("0")) { _ in ended.add(1, ordering: .relaxed) }
    }
    hasher.close()
    #expect(ended.load(ordering: .relaxed) == 20)
  }
}
