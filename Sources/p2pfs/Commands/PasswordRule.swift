// What may be a password: anything that can be typed on one line.

import GroupModel

enum PasswordRule {
  static func checked(_ password: [UInt8]) throws(Failure) -> [UInt8] {
    guard !password.isEmpty else { throw .malformed("the password is empty: type at least one character") }
    guard password.count <= TrackerRequest.passwordBytesMax else {
      throw .malformed("the password is too long: \(TrackerRequest.passwordBytesMax) bytes are the most")
    }
    guard !password.contains(0), !password.contains(UInt8(ascii: "\n")) else {
      throw .malformed("the password holds a line's end or a NUL byte: choose one of a single line")
    }
    return password
  }
}
