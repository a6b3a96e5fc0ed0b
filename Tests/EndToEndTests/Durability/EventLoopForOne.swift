// A loop that ends with whoever made it.

import Link

final class EventLoopForOne: Sendable {
  let loop = EventLoop(name: "test")

  init() { loop.start() }

  deinit { loop.stop() }
}
