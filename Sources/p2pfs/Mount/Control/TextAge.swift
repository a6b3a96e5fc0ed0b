// Since when a text is what it is. Nobody tells when the text of a control file changes; whoever looks at it notices.

import Glibc
import Synchronization
import Volume

/// ## Concurrency model
/// For any thread.
final class TextAge: Sendable {
  private struct Look {
    let digest: Int
    let time: Int64
  }

  private let last = Mutex<Look?>(nil)

  /// The time at which it was first seen to be this one.
  func looked(at bytes: [UInt8]) -> ControlText {
    var hasher = Hasher()
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    let digest = hasher.finalize()
    let time = last.withLock { last in
      if let last, last.digest == digest { return last.time }
      let now = timespec.now.nanosecondsSince1970
      last = Look(digest: digest, time: now)
      return now
    }
    return ControlText(bytes: bytes, modified: time)
  }
}
