// Which names stay on this machine: what editors leave about while they work.

enum LocalNames {
  static func isLocal(_ name: [UInt8]) -> Bool {
    let text = String(decoding: name, as: UTF8.self)
    return text == "4913" || text.hasSuffix("~") || isSwap(text) || prefixes.contains { text.hasPrefix($0) }
      || text.hasPrefix(".~lock.") && text.hasSuffix("#")
  }

  private static let prefixes = [".goutputstream-", ".nfs", ".fuse_hidden"]

  /// `.*.sw?`
  private static func isSwap(_ text: String) -> Bool {
    guard text.hasPrefix("."), text.utf8.count >= 6 else { return false }
    return text.dropLast().hasSuffix(".sw")
  }
}
