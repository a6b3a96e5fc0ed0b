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

  /// Of what `iso` wrote.
  static func seconds(iso text: String) -> Int64? {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int32? { Int32(String(decoding: bytes[range], as: UTF8.self)) }
    guard bytes.count == 20, bytes[10] == UInt8(ascii: "T"), bytes[19] == UInt8(ascii: "Z"),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19)
    else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
    return Int64(timegm(&parts))
  }

  private static func formatted(_ seconds: Int64, _ form: String) -> String {
    var seconds = time_t(seconds)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let count = strftime(&text, text.count, form, &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
