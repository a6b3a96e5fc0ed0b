// Others who can write to the cache's directory plant what is not ours: it is never followed, and never served.

import TestSupport
import Glibc
import GroupModel
import Testing

@testable import Swarm

@Suite struct HostileTests {
  private func planted(_ name: String, _ plant: (String, Place) -> Void) throws -> (
    Place, Sample, StoredContent, PieceStore
  ) {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: 1_000_000, random: &random)
    do {
      let store = try PieceStore(place)
      sample.putAll(into: try store.content(sample.name))
      store.close()
    }
    let path = place.object(sample.name) + "/" + name
    unlink(path)
    plant(path, place)
    let store = try PieceStore(place)
    return (place, sample, try store.content(sample.name), store)
  }

  @Test(arguments: ["data", "have", "kept", "have.new", "hashes"])
  func `a symbolic link in the place of a file is not followed`(name: String) throws {
    let (place, sample, content, store) = try planted(name) { path, place in
      _ = place.write("victim", [1, 2, 3])
      symlink(place.path + "/victim", path)
    }
    #expect(sample.readable(from: content) != nil)
    sample.refetch(into: content)
    #expect(sample.readsAll(from: content) == .right)
    store.close()
    #expect(bytes(of: place.local("victim")) == [1, 2, 3])
  }

  @Test func `a pipe in the place of the bytes holds nobody up`() throws {
    let (place, sample, content, store) = try planted("data") { path, _ in mkfifo(path, 0o600) }
    sample.refetch(into: content)
    #expect(sample.readsAll(from: content) == .right)
    store.close()
    #expect(sample.readsAll(from: try PieceStore(place).content(sample.name)) == .right)
  }

  @Test func `a cache that is a symbolic link is refused`() throws {
    let place = Place()
    mkdir(place.path + "/elsewhere", 0o700)
    symlink("elsewhere", place.path + "/cache")
    #expect(throws: DiskTrouble.notDirectory) { try PieceStore(place) }
  }

  @Test func `records of in-place files and destinations that point elsewhere bring nothing wrong`() throws {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: 1_000_000, random: &random)
    let victim = place.write("victim", random.bytes(1_000_000))
    let before = bytes(of: victim)
    do {
      let store = try PieceStore(place)
      let content = try store.content(sample.name)
      for list in sample.lists { #expect(content.merge(list)) }
      #expect(sample.put(blocks(0..<1), into: content).isKept)
      store.close()
    }
    let stamp = try Descriptor(readingFileAt: victim).stamp()
    let all = BlockSet(allOf: sample.layout)
    let inPlace = PieceFileRecord(name: sample.name, place: .inPlace(victim), stamp: stamp, held: BlockSet())
    let folder = place.object(sample.name)
    _ = place.write("record", inPlace.bytes)
    rename(place.path + "/record", folder + "/at-0123456789abcdef")
    symlink("victim", place.path + "/.link")
    let away = Destination(path: place.local("x"), temporaryName: Array(".link".utf8), replaces: true)!
    _ = place.write(
      "record", PieceFileRecord(name: sample.name, place: .destination(away), stamp: nil, held: all).bytes)
    rename(place.path + "/record", folder + "/to-0123456789abcdef")
    let heard = Heard()
    let content = try PieceStore(place, observer: heard.observer).content(sample.name)
    #expect(sample.readable(from: content) != nil)
    #expect(heard.ends == [.modified])
    sample.refetch(into: content)
    #expect(sample.readsAll(from: content) == .right)
    #expect(bytes(of: victim) == before)
  }

  @Test func `names of contents that are none are left alone`() throws {
    let place = Place()
    do { try PieceStore(place).close() }
    for name in ["ab", "ab/..x", "ab/zz-5", "00/" + String(repeating: "0", count: 64) + "-0", "11"] {
      mkdir("\(place.path)/cache/objects/\(name)", 0o700)
    }
    _ = place.write("cache/objects/file", [1])
    let store = try PieceStore(place)
    usleep(50_000)
    #expect(store.usage.fetchedBytes == 0)
  }
}
