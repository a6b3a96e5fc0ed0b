// The log on stderr: one line an event; in the journal without a time, which it knows itself. What strangers can provoke
// is counted beyond a few lines a second, so that nobody fills a disk by knocking.

import GroupModel
import Glibc
import Link
import Synchronization

final class Log: Sendable {
  enum Level: Int, Comparable {
    case error, warning, info, debug

    init?(word: String) {
      switch word {
      case "error": self = .error
      case "warning", "warn": self = .warning
      case "info": self = .info
      case "debug": self = .debug
      default: return nil
      }
    }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    fileprivate var importance: Importance {
      switch self {
      case .error: .error
      case .warning: .warning
      case .info: .info
      case .debug: .debug
      }
    }
  }

  private let level: Level
  private let strangers = Mutex(StrangerLines())

  init(_ level: Level) { self.level = level }

  func error(_ text: @autoclosure () -> String) { write(.error, text) }

  func warning(_ text: @autoclosure () -> String) { write(.warning, text) }

  func info(_ text: @autoclosure () -> String) { write(.info, text) }

  func debug(_ text: @autoclosure () -> String) { write(.debug, text) }

  /// Something that anybody who can reach the port can bring about.
  func stranger(_ text: @autoclosure () -> String) {
    guard level >= .info else { return }
    let now = secondsSince1970()
    let (isShown, leftOut) = strangers.withLock { $0.admit(at: now) }
    if leftOut > 0 { info("\(leftOut) more lines like these were left out") }
    if isShown { info(text()) }
  }

  private func write(_ at: Level, _ text: () -> String) {
    guard level >= at else { return }
    guard Self.canWrite else { return }
    writeLine(Self.line(at, text(), isForJournal: Journal.isStandardError, Self.timestamp), to: 2)
  }

  static func line(_ at: Level, _ text: String, isForJournal: Bool, _ time: () -> String) -> String {
    let text = Printable.escaped(text)
    return isForJournal ? at.importance.prefix + text : "\(time()) \(at) \(text)"
  }

  /// A pipe that nobody reads fills up, and then a line to it would stop whoever writes it: a loop, with all of
  /// its clients. A pipe that says yes has room for a page.
  private static var canWrite: Bool {
    var watched = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    return poll(&watched, 1, 0) == 1
  }

  private static func timestamp() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// In one piece, so that lines of several threads do not mix.
func writeLine(_ line: String, to descriptor: Int32) {
  let bytes = Array((line + "\n").utf8)
  _ = write(descriptor, bytes, bytes.count)
}
