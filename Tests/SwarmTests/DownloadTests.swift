// Downloads to where the user wants them: whole or not at all, over nothing that was there.

import TestSupport
import Glibc
import GroupModel
import Testing

@testable import Swarm

@Suite struct DownloadTests {
  @Test func `a whole download lies in its place and is shared from there`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 3_000_000, random: &random)
    let path = place.local("report.pdf")
    let download = try store.download(sample.name, to: path)
    #expect(throws: DiskTrouble.missing) { try download.finish() }
    sample.putAll(into: download.content)
    #expect(bytes(of: path) == nil)
    try download.finish(isExecutable: true, modified: 1_700_000_000_123_456_789)
    #expect(bytes(of: path) == sample.bytes)
    #expect(download.content.sharedPaths == [path] && download.content.isWhole)
    #expect(sample.readsAll(from: download.content) == .right)
    #expect(place.names() == ["cache", "report.pdf"])
    var status = stat()
    stat(path.description, &status)
    #expect(status.st_mode & 0o111 != 0 && status.st_mtim.tv_nsec == 123_456_789)
    #expect(store.usage.fetchedBytes == 0)
    store.close()
    #expect(try PieceStore(place).isShared(path, as: sample.name))
  }

  @Test func `a download goes on where a crash has left it`() throws {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: 3_000_000, random: &random)
    let path = place.local("a b.bin")
    do {
      let store = try PieceStore(place)
      let download = try store.download(sample.name, to: path)
      for list in sample.lists { #expect(download.content.merge(list)) }
      #expect(sample.put(blocks(0..<64), into: download.content).isKept)
      #expect(sample.put(blocks(100..<120), into: download.content).isKept)
      store.abandon()
    }
    let store = try PieceStore(place)
    let download = try store.download(sample.name, to: path)
    let missing = download.content.missing(in: sample.layout.allBlocks)
    #expect(missing == [blocks(64..<100), blocks(120..<sample.layout.blockCount)])
    for run in missing { #expect(sample.put(run, into: download.content).isKept) }
    #expect(eventually { download.content.isWhole })
    try download.finish()
    #expect(bytes(of: path) == sample.bytes)
    #expect(place.names() == ["a b.bin", "cache"])
  }

  @Test func `what the cache has is not fetched again, for a second destination neither`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 2_000_000, random: &random)
    let content = try store.content(sample.name)
    sample.putAll(into: content)
    let first = try store.download(sample.name, to: place.local("one"))
    let second = try store.download(sample.name, to: place.local("two"))
    #expect(first.content.missing(in: sample.layout.allBlocks).isEmpty)
    try first.finish()
    try second.finish()
    #expect(bytes(of: place.local("one")) == sample.bytes)
    #expect(bytes(of: place.local("two")) == sample.bytes)
    #expect(Set(content.sharedPaths) == [place.local("one"), place.local("two")])
  }

  @Test func `what is set aside goes to the cache, as far as it has room, and leaves nothing behind`() throws
  {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: 8 << 20, random: &random)
    var store = try PieceStore(place, limitBytes: 4 << 20)
    let download = try store.download(sample.name, to: place.local("target"))
    sample.putAll(into: download.content)
    download.setAside()
    #expect(place.names() == ["cache"])
    let held = download.content.heldBlockCount
    #expect((128...256).contains(held), "of 512 blocks, half fit")
    #expect(store.usage.fetchedBytes <= 4 << 20)
    store.close()
    store = try PieceStore(place, limitBytes: 4 << 20)
    let again = try store.download(sample.name, to: place.local("elsewhere"))
    #expect(again.content.heldBlockCount == held, "and none of it is fetched twice")
    sample.putAll(into: again.content)
    try again.finish()
    #expect(bytes(of: place.local("elsewhere")) == sample.bytes)
  }

  @Test func `two downloads of one content fetch it once`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 2_000_000, random: &random)
    let first = try store.download(sample.name, to: place.local("one"))
    let second = try store.download(sample.name, to: place.local("two"))
    sample.putAll(into: first.content)
    try second.finish()
    try first.finish()
    #expect(bytes(of: place.local("one")) == sample.bytes)
    #expect(bytes(of: place.local("two")) == sample.bytes)
  }

  @Test func `what is there is not overwritten unless that was asked for`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 100_000, random: &random)
    let path = place.write("mine", [1, 2, 3])
    #expect(throws: DiskTrouble.exists) { try store.download(sample.name, to: path) }
    symlink("nowhere", place.path + "/link")
    #expect(throws: DiskTrouble.exists) { try store.download(sample.name, to: place.local("link")) }
    let late = try store.download(sample.name, to: place.local("late"))
    sample.putAll(into: late.content)
    _ = place.write("late", [4, 5, 6])
    #expect(throws: DiskTrouble.exists) { try late.finish() }
    #expect(bytes(of: place.local("late")) == [4, 5, 6])
    late.discard()
    let replacing = try store.download(sample.name, to: path, replacing: true)
    sample.putAll(into: replacing.content)
    #expect(bytes(of: path) == [1, 2, 3])
    try replacing.finish()
    #expect(bytes(of: path) == sample.bytes)
    #expect(place.names() == ["cache", "late", "link", "mine"])
  }

  @Test func `a destination that cannot be is refused at the beginning`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let name = Sample(byteCount: 100_000, random: &random).name
    mkdir(place.path + "/folder", 0o755)
    #expect(throws: DiskTrouble.isDirectory) { try store.download(name, to: place.local("folder")) }
    #expect(throws: DiskTrouble.isDirectory) { try store.download(name, to: place.local("folder/")) }
    #expect(throws: DiskTrouble.isDirectory) {
      try store.download(name, to: place.local("folder"), replacing: true)
    }
    #expect(throws: DiskTrouble.missing) { try store.download(name, to: place.local("none/file")) }
    #expect(throws: DiskTrouble.notDirectory) {
      try store.download(name, to: place.write("file", [1]).appending("x".utf8)!)
    }
    #expect(throws: DiskTrouble.notPermitted) { try store.download(name, to: LocalPath("/sys/x")!) }
    let long = [UInt8](repeating: 120, count: 256)
    #expect(throws: DiskTrouble.nameTooLong) {
      try store.download(name, to: place.local("").appending(long)!)
    }
    let huge = ContentName(root: name.root, layout: ContentLayout(fileBytes: 1 << 43)!)
    #expect(throws: DiskTrouble.full) { try store.download(huge, to: place.local("huge")) }
    #expect(place.names() == ["cache", "file", "folder"])
  }

  @Test func `a name of 255 bytes can be downloaded`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 100_000, random: &random)
    let path = place.local(String(repeating: "é", count: 127) + "x")
    let download = try store.download(sample.name, to: path)
    sample.putAll(into: download.content)
    try download.finish()
    #expect(bytes(of: path) == sample.bytes)
  }

  @Test func `what somebody writes into the unfinished file does not get into the whole one`() throws {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: 2_000_000, random: &random)
    for isRestarted in [false, true] {
      var store = try PieceStore(place)
      let path = place.local("target-\(isRestarted)")
      var download = try store.download(sample.name, to: path)
      sample.putAll(into: download.content)
      store.save()
      if isRestarted { store.close() }
      let unfinished = place.names().first { $0.hasPrefix(".target") }!
      let file = open("\(place.path)/\(unfinished)", O_WRONLY)
      pwrite(file, "evil", 4, 700_000)
      close(file)
      if isRestarted {
        store = try PieceStore(place)
        download = try store.download(sample.name, to: path)
      }
      // Found at the end, or before: then the block is missing, and fetched again.
      #expect(throws: DiskTrouble.self) { try download.finish() }
      sample.refetch(into: download.content)
      try download.finish()
      #expect(bytes(of: path) == sample.bytes)
      download.content.stopSharing(path)
      store.close()
      run("rm", "-rf", place.path + "/cache")
    }
  }

  @Test func `a discarded download leaves nothing`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 2_000_000, random: &random)
    let download = try store.download(sample.name, to: place.local("x"))
    sample.putAll(into: download.content)
    download.discard()
    #expect(place.names() == ["cache"])
    #expect(download.content.heldBlockCount == 0)
  }

  @Test func `an empty file needs nobody`() throws {
    let place = Place()
    try PieceStore.makeEmptyFile(at: place.local("empty"))
    #expect(bytes(of: place.local("empty")) == [])
    #expect(throws: DiskTrouble.exists) { try PieceStore.makeEmptyFile(at: place.local("empty")) }
  }
}

extension Place {
  func names() -> [String] {
    (try? Folder(at: LocalPath(path)!).names().sorted()) ?? []
  }
}
