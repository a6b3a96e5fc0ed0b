// The values of options: sizes, rates, seconds and addresses, from text.

import GroupModel

enum OptionValue {
  /// A day: who waits longer for a silent source has stopped waiting.
  static let secondsMax: UInt32 = 86_400

  /// `20G`, `500K`, `1048576`: K, M, G and T are powers of 1024, in either case.
  static func bytes(_ text: String, of option: String) throws(Failure) -> UInt64 {
    let shift: UInt64 =
      switch text.last {
      case "K", "k": 10
      case "M", "m": 20
      case "G", "g": 30
      case "T", "t": 40
      default: 0
      }
    guard let number = whole(shift == 0 ? text[...] : text.dropLast()), number > 0,
      number <= UInt64(Int64.max) >> shift
    else {
      throw wrong(
        text, option, "a whole number above 0, with K, M, G or T behind it if you like, such as 500K")
    }
    return number << shift
  }

  static func seconds(_ text: String, of option: String) throws(Failure) -> UInt32 {
    guard let number = whole(text[...]), (1...UInt64(secondsMax)).contains(number) else {
      throw wrong(text, option, "whole seconds from 1 to \(secondsMax)")
    }
    return UInt32(number)
  }

  /// Port 0 stands for any free one.
  static func address(_ text: String, of option: String) throws(Failure) -> PeerAddress {
    do throws(AddressError) {
      return try PeerAddress(text: text)
    } catch {
      throw wrong(text, option, "IP:PORT, such as 192.0.2.1:5757 or [::]:5757 (\(error.sentence))")
    }
  }

  /// An address that others can connect to.
  static func reachable(_ text: String, of option: String) throws(Failure) -> PeerAddress {
    let address = try address(text, of: option)
    guard !address.isWildcard, address.port > 0 else {
      throw wrong(text, option, "the one address and port that peers can reach")
    }
    return address
  }

  /// Digits only: `UInt64("+5")` would be taken otherwise.
  private static func whole(_ digits: Substring) -> UInt64? {
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    return UInt64(digits)
  }

  private static func wrong(_ text: String, _ option: String, _ form: String) -> Failure {
    .usage("\(option) cannot be \(Quoted.text(text)): give \(form)")
  }
}
