// A tracker's data in which the load's members have their accounts. Made once for all tests, since each account
// costs the tracker a quarter of a second; every test begins with a copy.

import Foundation
import GroupModel
import Testing

enum Peopled {
  private static let original: Scratch = {
    let scratch = Scratch()
    let story = Story()
    story.data = scratch.path + "/data"
    story.startTracker()
    let opened = Awaited<Bool>()
    let loop = EventLoopForOne()
    let line = DirectLine(on: loop.loop, try! Mint(of: story.data).context(of: nil))
    line.open(to: story.ports[0]) { opened.come($0) }
    #expect(opened.wait() == true)
    let made = Wishing.users.enumerated().map { number, user in
      let made = Awaited<TrackerAnswer?>()
      let id = RequestID(instance: 1, sequence: UInt64(number))
      line.ask(.createUser(id, user, password: Array("password of \(user)".utf8))) { made.come($0) }
      return made
    }
    for made in made { #expect(made.wait() == .done) }
    story.tracker().write("quit\n")
    #expect(story.tracker().finish().exit == 0)
    return scratch
  }()

  static func copy(to directory: String) {
    let copying = Child("/bin/cp", ["-a", original.path + "/data", directory])
    #expect(copying.finish().exit == 0)
  }
}

extension Story {
  /// With accounts for the load's members, and no tracker started.
  static func peopled(trackers count: Int = 1) -> Story {
    let story = Story(trackers: count)
    Peopled.copy(to: story.data)
    return story
  }

  /// The same, on a disk of its own.
  static func peopled(on disk: Disk) -> Story {
    let story = Story()
    story.belongings = [disk]
    story.data = disk.path + "/data"
    Peopled.copy(to: story.data)
    disk.sync()
    return story
  }
}
