// One user with two machines: what each shares is its own to stop, and what one publishes the other does not take away.

import Foundation
import Testing

@Suite(.serialized) struct TwoMachinesTests {
  private let story: Story
  private let desk: Person
  private let laptop: Person
  private static let notShared =
    "you do not share 'f': only what you have uploaded, downloaded or read can be stopped and started"

  init() {
    (story, desk) = Story.ofOne()
    laptop = story.person("alice", at: "laptop")
    laptop.succeeds("login", "alice", desk.password)
    story.scratch.write("f", "something")
  }

  @Test
  func `who stops at one machine goes on sharing at the other, and the last one takes the file along`() {
    _ = (desk.serves(), laptop.serves())
    desk.succeeds("upload_file", "f", "team")
    laptop.succeeds("download_file", "team", "f", "copy")
    desk.succeeds("stop_share", "team", "f")
    #expect(laptop.succeeds("list_files", "team") == ["9 alice 1 f"])
    laptop.succeeds("stop_share", "team", "f")
    #expect(laptop.succeeds("list_files", "team") == [])
    desk.succeeds("start_share", "team", "f")
    #expect(laptop.succeeds("list_files", "team") == ["9 alice 1 f"])
  }

  @Test func `what was stopped at one machine stays so after a restart and a new login`() {
    let daemon = desk.serves()
    _ = laptop.serves()
    desk.succeeds("upload_file", "f", "team")
    laptop.succeeds("download_file", "team", "f", "copy")
    desk.succeeds("stop_share", "team", "f")
    daemon.signal(SIGTERM)
    daemon.wait()
    desk.succeeds("logout")
    desk.succeeds("login", "alice", desk.password)
    _ = desk.serves()
    #expect(laptop.succeeds("list_files", "team") == ["9 alice 1 f"])
    laptop.succeeds("stop_share", "team", "f")
    #expect(laptop.succeeds("list_files", "team") == [])
  }

  @Test func `a machine that never had a file has nothing to stop`() {
    _ = (desk.serves(), laptop.serves())
    desk.succeeds("upload_file", "f", "team")
    laptop.fails(66, "stop_share", "team", "f", says: Self.notShared)
    #expect(desk.succeeds("list_files", "team") == ["9 alice 1 f"])
  }

  @Test func `a machine whose version was replaced at the other has nothing to stop either`() {
    _ = (desk.serves(), laptop.serves())
    desk.succeeds("upload_file", "f", "team")
    story.scratch.make("new")
    story.scratch.write("new/f", "another thing")
    laptop.succeeds("upload_file", "new/f", "team")
    desk.comes(to: "the new version", "list_files", "team") { $0 == ["13 alice 1 f"] }
    desk.fails(66, "stop_share", "team", "f", says: Self.notShared)
    #expect(laptop.succeeds("list_files", "team") == ["13 alice 1 f"])
  }

  @Test func `what changed here while another machine published anew does not take that along`() {
    let daemon = desk.serves()
    let other = laptop.serves()
    desk.succeeds("upload_file", "f", "team")
    daemon.signal(SIGTERM)
    daemon.wait()
    story.scratch.make("new")
    story.scratch.write("new/f", "another thing")
    laptop.succeeds("upload_file", "new/f", "team")
    other.signal(SIGTERM)
    other.wait()
    story.scratch.write("f", "edited at the desk")
    #expect(desk.serves().waitFor("team/f is no longer shared from", on: 2))
    laptop.serves()
    #expect(laptop.succeeds("list_files", "team") == ["13 alice 1 f"])
  }
}
