// A password on the command line or in the environment can be read by others as long as we run, in
// /proc/PID/cmdline and /proc/PID/environ. So it is taken out of there as soon as it is known.
// For the main thread at its start, before others read the environment.

import Glibc

enum PasswordTraces {
  static let variable = "P2PFS_PASSWORD"

  /// What $P2PFS_PASSWORD holds, after which nobody finds it there, no child of ours either.
  static func takeFromEnvironment() -> [UInt8]? {
    guard let value = getenv(variable) else { return nil }
    let password = bytes(of: value)
    memset(value, 0, password.count)
    unsetenv(variable)
    return password.isEmpty ? nil : password
  }

  /// Every argument that is the password, for a user may be named like it; all has been read from there already.
  static func wipeArguments(equalTo password: [UInt8]) {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index], bytes(of: argument) == password else { continue }
      memset(argument, 0, password.count)
    }
  }

  private static func bytes(of text: UnsafeMutablePointer<CChar>) -> [UInt8] {
    UnsafeRawBufferPointer(start: text, count: strlen(text)).map { $0 }
  }
}
