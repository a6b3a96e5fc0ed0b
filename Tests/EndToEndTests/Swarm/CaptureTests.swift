// What somebody sees who listens on the wire while people log in, share, list and fetch.

import Foundation
import Testing
import Visitors

@Suite(.serialized) struct CaptureTests {
  @Test(.enabled(if: LoopbackCapture.isPossible, "listening on the wire needs root"))
  func `on the wire there is no byte of a file, no name and no password`() throws {
    let secrets = [
      "nobody else is to read this line of the file", "salaries-of-everyone.txt", "boardroom",
      "the password of alice", "what bob types",
    ]
    let story = Story()
    let canary = "a canary sings where everybody can hear it"
    let bird = try #require(ChattyPort(saying: canary))
    let ports = [Ports.free(), Ports.free()]
    let capture = try #require(LoopbackCapture(ports: story.ports + ports + [bird.port]))
    story.startTracker()
    let (alice, bob) = (story.person("alice"), story.person("bob"))
    alice.environment["P2PFS_PASSWORD"] = secrets[3]
    bob.environment["P2PFS_PASSWORD"] = secrets[4]
    let text = String(repeating: secrets[0] + "\n", count: 100_000)
    story.scratch.write(secrets[1], text)
    for (person, port) in zip([alice, bob], ports) {
      person.succeeds("create_user", person.name)
      #expect(person.run(["login", person.name]).exit == 0)
      person.serves("--listen", "127.0.0.1:\(port)")
    }
    alice.succeeds("create_group", secrets[2])
    bob.succeeds("join_group", secrets[2])
    alice.succeeds("accept_request", secrets[2], "bob")
    alice.succeeds("upload_file", secrets[1], secrets[2])
    #expect(bob.succeeds("list_files", secrets[2]).count == 1)
    bob.succeeds("download_file", secrets[2], secrets[1], "copy")
    #expect(bob.run(["passwd"]).exit == 0)
    #expect(try String(contentsOfFile: story.scratch.path + "/copy", encoding: .utf8) == text)
    let plug = try Plug(to: bird.port)
    #expect(plug.isClosedByOther())

    // It sees: the bird, and as many bytes between the members as the file has.
    let deadline = Date(timeIntervalSinceNow: 10)
    while !capture.hears(canary), Date() < deadline { usleep(50_000) }
    #expect(capture.hears(canary), "the capture sees nothing, and proves nothing")
    #expect(capture.heard.map(\.count).max() ?? 0 > text.utf8.count)
    #expect(capture.lost == 0)
    for secret in secrets { #expect(!capture.hears(secret), "in clear: \(secret)") }
  }
}
