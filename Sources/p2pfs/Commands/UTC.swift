// A moment as people and programs read it, everywhere the same.

import Glibc

enum UTC {
  static var now: Int64 { Int64(time(nil)) }

  /// `2026-01-02 03:04:05 UTC`.
  static func text(_ secondsSince1970: Int64) -> String {
    formatted(secondsSince1970, "%Y-%m-%d %H:%M:%S UTC")
  }

  /// `2026-01-02T03:04:05Z`, as ISO 8601 and RFC 3339 have it.
  static func iso(_ secondsSince1970: Int64) -> String { formatted(secondsSince1970, "%Y-%m-%dT%H:%M:%SZ") }

  private static func formatted(_ seconds: Int64, _ form: String) -> String {
    var seconds = time_t(seconds)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let count = strftime(&text, text.count, form, &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
