// Names, paths and links that strangers have chosen, and the lines that they are shown in.

import GroupModel

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data else { return 0 }
  let all = data.array(count)
  let cut = all.firstIndex(of: 0) ?? all.count
  let (first, second) = (Array(all[..<cut]), Array(all[cut...].dropFirst()))
  checkName(String(decoding: first, as: UTF8.self))
  checkPrintable(first)
  guard let path = try? FilePath(first) else { return 0 }
  checkPath(path, first)
  if let other = try? FilePath(second) { checkMove(path, to: other) }
  if let target = LinkTarget(second, at: path) { checkLink(target, second, at: path) }
  return 0
}

private func checkName(_ text: String) {
  guard let user = UserName(text) else { return require(GroupName(text) == nil, "one rule for all names") }
  require(user.description.utf8.allSatisfy { $0 < 0x80 && $0 > 0x20 }, "names are printable ASCII")
  require(user.description == text && GroupName(text) != nil, "a name is what was given")
}

private func checkPrintable(_ bytes: [UInt8]) {
  let shown = Printable.escaped(bytes)
  require(
    shown.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }, "no controls")
}

private func checkPath(_ path: FilePath, _ bytes: [UInt8]) {
  requireSame(path.bytes, bytes)
  require(!path.name.isEmpty && !path.name.contains(UInt8(ascii: "/")), "a last component")
  require(Array(path.description.utf8) == bytes, "a path is text")
  guard let parent = path.parent else { return require(path.name.elementsEqual(bytes), "at the top") }
  require(path.isInside(parent) && !parent.isInside(path), "inside its directory")
  require(
    (try? FilePath(parent.bytes)) == parent || FilePath.controlNames.contains(parent.description),
    "a path again")
}

private func checkMove(_ path: FilePath, to other: FilePath) {
  require(path.isInside(other) != other.isInside(path) || !path.isInside(other), "not inside each other")
  guard let parent = path.parent, let moved = path.moved(from: parent, to: other) else { return }
  require(moved.isInside(other) && moved.name.elementsEqual(path.name), "moved along")
  require(moved.bytes.count <= FilePath.bytesMax, "no longer than a path may be")
}

/// Walks as the kernel would, from the directory that the link lies in.
private func checkLink(_ target: LinkTarget, _ bytes: [UInt8], at path: FilePath) {
  requireSame(target.bytes, bytes)
  var place = path.bytes.split(separator: UInt8(ascii: "/")).dropLast().map(Array.init)
  require(bytes.first != UInt8(ascii: "/"), "no absolute link")
  for part in bytes.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
    if part.elementsEqual("..".utf8) {
      require(place.popLast() != nil, "never above the group's directory")
    } else {
      place.append(Array(part))
    }
  }
}
