// What editors and desktops leave about beside the files that they save (SPEC 4.1): it stays where it is, and is never
// published.

package enum LeftByEditors {
  /// By the last component of a path.
  package static func holds(_ name: some Collection<UInt8>) -> Bool {
    let name = Array(name)
    if prefixes.contains(where: name.starts(with:)) || name.elementsEqual("4913".utf8) { return true }
    if name.last == UInt8(ascii: "~") { return true }
    if name.starts(with: ".~lock.".utf8), name.last == UInt8(ascii: "#") { return true }
    return isSwapFile(name)
  }

  private static let prefixes = [".goutputstream-", ".nfs", ".fuse_hidden"].map { Array($0.utf8) }

  /// `.*.sw?`
  private static func isSwapFile(_ name: [UInt8]) -> Bool {
    name.first == UInt8(ascii: ".") && name.count >= 5 && name.dropLast().suffix(3).elementsEqual(".sw".utf8)
  }
}
