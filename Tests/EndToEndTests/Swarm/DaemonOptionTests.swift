// The options of a daemon, measured through the product: rates, addresses, and logins that are about to end.

import Foundation
import GroupModel
import Testing

@Suite(.serialized) struct DaemonOptionTests {
  private let story: Story
  private let alice: Person
  private let bob: Person
  private var scratch: Scratch { story.scratch }

  init() { (story, alice, bob) = Story.ofTwo() }

  private func secondsToDownload(_ file: String) -> Double {
    let began = Date()
    bob.succeeds("download_file", "team", file, "copy-\(file)")
    #expect(scratch.contents("copy-\(file)") == scratch.contents(file))
    return -began.timeIntervalSinceNow
  }

  @Test func `a limit of what is sent holds`() {
    scratch.writeRandom("f", 4 << 20)
    alice.serves("--up-limit", "1M")
    bob.serves()
    alice.succeeds("upload_file", "f", "team")
    let seconds = secondsToDownload("f")
    #expect((3.2...6).contains(seconds), "\(seconds) s for 4 MiB at 1 MiB/s")
  }

  @Test func `a limit of what is received holds`() {
    scratch.writeRandom("f", 4 << 20)
    alice.serves()
    bob.serves("--down-limit", "1M")
    alice.succeeds("upload_file", "f", "team")
    let seconds = secondsToDownload("f")
    #expect((3.2...6).contains(seconds), "\(seconds) s for 4 MiB at 1 MiB/s")
  }

  @Test func `two files from a slow source come side by side, and neither is given up`() throws {
    for file in ["f", "g"] { scratch.writeRandom(file, 1 << 20) }
    alice.serves("--up-limit", "300K")
    bob.serves("--read-timeout", "2")
    alice.succeeds("upload_file", "f", "g", "team")
    let first = bob.begins("f", to: "copy-f")
    try bob.waits(forBytes: 100_000, of: "team/f")
    let second = bob.begins("g", to: "copy-g")
    try bob.waits(forBytes: 200_000, of: "team/g")
    #expect(try bob.status.transfers["team/f"] != nil, "the first was finished before the second had a share")
    #expect(first.finish().exit == 0 && second.finish().exit == 0)
    for file in ["f", "g"] { #expect(scratch.contents("copy-\(file)") == scratch.contents(file)) }
  }

  @Test func `peers come to where a daemon listens, or to the address that it advertises`() {
    let (port, other) = (Ports.free(), Ports.free())
    scratch.write("f", "something")
    let first = alice.serves("--listen", "0.0.0.0:\(port)")
    bob.serves()
    alice.succeeds("upload_file", "f", "team")
    bob.succeeds("download_file", "team", "f", "one")
    #expect(bob.succeeds("peers").contains { $0.hasPrefix("alice 127.0.0.1:\(port) ") })
    #expect(alice.succeeds("status").contains("daemon running, listening on 0.0.0.0:\(port)"))
    first.signal(SIGTERM)
    first.wait()
    // Nobody listens there, so that the file cannot be had: that is the address which bob is given.
    alice.serves("--advertise", "127.0.0.1:\(other)")
    scratch.write("g", "something else")
    alice.succeeds("upload_file", "g", "team")
    bob.fails(75, "download_file", "team", "g", "two")
    alice.fails(64, "--advertise", "0.0.0.0:1", "serve")
  }

  @Test func `a daemon renews the login that is about to end, and goes on`() throws {
    let now = Int64(Date().timeIntervalSince1970)
    let authority = try story.authorityWithKey()
    try LoginFile(of: alice).replaceCertificate(issuedBy: authority, at: now, forSeconds: 8)
    let old = try LoginFile(of: alice).certificate
    alice.serves()
    bob.serves()
    scratch.write("f", "something")
    alice.succeeds("upload_file", "f", "team")
    while Int64(Date().timeIntervalSince1970) <= old.notAfter { usleep(100_000) }
    bob.succeeds("download_file", "team", "f", "copy")
    alice.succeeds("list_groups")
    #expect(try LoginFile(of: alice).certificate.notAfter > old.notAfter + 3600)
  }
}
