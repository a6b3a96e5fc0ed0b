// What libfuse says of why something failed, which it would write to stderr by itself.

import CFuse
import Glibc
import Synchronization

enum FuseWords {
  private static let heard = Mutex("")

  /// What `body` gave, and what libfuse said meanwhile, in one line and without its name.
  static func heard<Result>(_ body: () -> Result) -> (Result, String) {
    heard.withLock { $0 = "" }
    fuse_set_log_func { _, format, arguments in FuseWords.take(format, arguments) }
    defer { fuse_set_log_func(nil) }
    let result = body()
    return (result, heard.withLock { $0 })
  }

  private static func take(_ format: UnsafePointer<CChar>?, _ arguments: CVaListPointer?) {
    guard let format, let arguments else { return }
    var text = [CChar](repeating: 0, count: 512)
    vsnprintf(&text, text.count, format, arguments)
    let said = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    let words = said.split(separator: "\n").joined(separator: "; ")
    let plain = words.hasPrefix("fuse: ") ? String(words.dropFirst(6)) : words
    heard.withLock { $0 += $0.isEmpty || $0.hasSuffix(" ") ? plain : "; \(plain)" }
  }
}
