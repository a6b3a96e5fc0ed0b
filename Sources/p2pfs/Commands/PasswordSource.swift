// Where a password comes from: the command line, a file, the environment, the terminal, in this order (SPEC 3).

import GroupModel

/// What the commands ask for a password; each door has its own idea of whom to bother.
protocol PasswordAsking {
  func password(for purpose: PasswordPurpose, given: [UInt8]?) throws(Failure) -> [UInt8]
}

enum PasswordPurpose: Hashable, Sendable {
  case account(UserName)
  case login(UserName)
  case change(UserName)

  var prompt: String {
    switch self {
    case .account(let user), .login(let user): "Password for \(user): "
    case .change(let user): "New password for \(user): "
    }
  }

  /// A new password is typed twice: nobody sees his slip.
  var isNew: Bool {
    if case .login = self { false } else { true }
  }
}

struct PasswordSource: PasswordAsking {
  private static let fileBytesMax = 64 << 10

  let file: String?
  let environment: [UInt8]?
  var terminal = "/dev/tty"

  func password(for purpose: PasswordPurpose, given: [UInt8]?) throws(Failure) -> [UInt8] {
    if let given { return given }
    if let file { return try PasswordRule.checked(Self.firstLine(of: file)) }
    if let environment { return try PasswordRule.checked(environment) }
    return try ask(purpose)
  }

  /// The rest of the file may be anything, as in files that other programs share.
  private static func firstLine(of file: String) throws(Failure) -> [UInt8] {
    let bytes = try SmallFile.bytes(at: file, max: fileBytesMax)
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    return Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
  }

  private func ask(_ purpose: PasswordPurpose) throws(Failure) -> [UInt8] {
    guard let prompt = TerminalPrompt(path: terminal) else {
      throw .usage(
        "there is no terminal to ask for the password: give it after the user name (login, create_user), "
          + "with --password-file FILE or in $P2PFS_PASSWORD")
    }
    let password = try PasswordRule.checked(prompt.secret(purpose.prompt))
    guard purpose.isNew else { return password }
    guard try prompt.secret("The same once more: ") == password else {
      throw .malformed("the two passwords differ: type the same one twice")
    }
    return password
  }
}
