// The identity of what is shared is BitTorrent's: the roots that libtorrent 2.1.1 gives the same contents, made by
// GroupModelTests/Vectors/merkle_vectors.py, whose formula is here.

import Foundation
import Testing

@Suite struct RootTests {
  private static let roots = [
    (1, "8f11b05da785e43e713d03774c6bd3405d99cd3024af334ffd68db663aa37034"),
    (16_384, "51ab850b47bc9bfe372531b815d25a67685bec7a66101f6b50e3d9e72c75d716"),
    (16_385, "32cf693c53378a793dc387fc5afd73f1fd391de2e3823e215cad7ce52921ebe3"),
    (524_288, "8d8593f1725b7fe223a3138b776ec7e9cc96d93d34a26c23e5c20eac07af277f"),
    (524_289, "7a49ed512d3e8f7bbe1fe01ef05da30343993d46fcb884a5e1b3e6839d0832ce"),
    (3 * 1_048_576 + 7, "f918cd463f3ae2e61aab7b7006ddd6fc0181781515fe39e084462b48c2d160cc"),
  ]

  private static let bytes: Data = {
    var bytes = Data(count: roots.last!.0)
    for index in bytes.indices {
      var word = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
      word ^= word >> 32
      bytes[index] = UInt8(truncatingIfNeeded: (word &* 0xD6E8_FEB8_6659_FD93) >> 56)
    }
    return bytes
  }()

  @Test func `links name contents as libtorrent does, with a daemon and without, and fetch them`() throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    for (size, _) in Self.roots {
      _ = FileManager.default.createFile(atPath: team.path("\(size).bin"), contents: Self.bytes.prefix(size))
    }
    team.story.scratch.write("0.bin", "")
    let names = [0] + Self.roots.map(\.0)
    alice.serves()
    #expect(alice.run(["upload_file"] + names.map { "\($0).bin" } + ["team"]).exit == 0)
    let expected = ["p2pfs://team/-/0/0.bin"] + Self.roots.map { "p2pfs://team/\($1)/\($0)/\($0).bin" }
    func links(_ person: Person) -> [String] {
      names.flatMap { person.succeeds("link", "team", "\($0).bin") }
    }
    #expect(links(alice) == expected)
    #expect(links(bob) == expected)
    bob.serves()
    #expect(links(bob) == expected)
    for (size, link) in zip(names, expected) {
      bob.succeeds("fetch", link, "copy-\(size)")
      #expect(team.contents("copy-\(size)") == Self.bytes.prefix(size), "\(size)")
    }
  }
}
