// What the kernel says in /proc. Foundation takes such a file for read after its first page.

import Visitors

enum KernelText {
  static func of(_ path: String) -> String { String(decoding: contents(of: path), as: UTF8.self) }

  static func isMounted(_ place: String) -> Bool { of("/proc/self/mountinfo").contains(" \(place) ") }
}
