// A terminal with a typist, so that prompts are tested as people meet them.

import Glibc

final class PseudoTerminal: Sendable {
  // TIOCSPTLCK and TIOCGPTN, macros that Swift does not import; unlockpt and ptsname are hidden from it too.
  private static let setLock: UInt = 0x4004_5431
  private static let getNumber: UInt = 0x8004_5430

  let name: String
  private let keyboard: Int32
  /// Kept open, or the terminal would hang up whenever nobody has it open.
  private let screen: Int32

  init() {
    keyboard = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var locked: Int32 = 0
    var number: Int32 = 0
    precondition(ioctl(keyboard, Self.setLock, &locked) == 0 && ioctl(keyboard, Self.getNumber, &number) == 0)
    name = "/dev/pts/\(number)"
    screen = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
  }

  deinit {
    close(keyboard)
    close(screen)
  }

  var echoes: Bool {
    var settings = termios()
    tcgetattr(screen, &settings)
    return settings.c_lflag & tcflag_t(ECHO) != 0
  }

  func type(_ text: String) { _ = text.withCString { write(keyboard, $0, strlen($0)) } }

  /// All that has come to the screen since the last time, up to and with `text`. In bytes: to a Swift string
  /// "\r\n" does not end in "\n".
  func shown(until text: String) -> String {
    var seen: [UInt8] = []
    var byte: UInt8 = 0
    while !seen.suffix(text.utf8.count).elementsEqual(text.utf8), read(keyboard, &byte, 1) == 1 {
      seen.append(byte)
    }
    return String(decoding: seen, as: UTF8.self)
  }

  /// Types `text` at the first prompt, `then` (or `text` again) at the next; what the screen showed is the result.
  func types(_ text: String, then: String? = nil, whenAsked prompts: [String]) -> Typist {
    Typist { [self] in
      var shown = ""
      for (index, prompt) in prompts.enumerated() {
        shown += self.shown(until: prompt)
        type(index == 0 ? text : then ?? text)
      }
      // The line's end that the prompt writes after the last word typed.
      return shown + self.shown(until: "\n")
    }
  }
}

/// A thread that does one thing and is waited for.
final class Typist: @unchecked Sendable {
  private let work: @Sendable () -> String
  private var thread = pthread_t()
  private var result = ""

  init(_ work: @escaping @Sendable () -> String) {
    self.work = work
    let start: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { typist in
      let typist = Unmanaged<Typist>.fromOpaque(typist!).takeRetainedValue()
      typist.result = typist.work()
      return nil
    }
    pthread_create(&thread, nil, start, Unmanaged.passRetained(self).toOpaque())
  }

  func wait() -> String {
    pthread_join(thread, nil)
    return result
  }
}
