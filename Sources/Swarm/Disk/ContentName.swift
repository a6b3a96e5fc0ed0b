// A content's name on this disk: its root together with its size, since a root alone does not fix the tree.

package import GroupModel

package struct ContentName: Hashable, Sendable {
  package let root: ContentRoot
  package let layout: ContentLayout

  package init(root: ContentRoot, layout: ContentLayout) {
    self.root = root
    self.layout = layout
  }

  /// nil for an empty file, which has no bytes to keep.
  package init?(_ content: FileContent) {
    guard let root = content.root, let layout = ContentLayout(fileBytes: content.size) else { return nil }
    self.init(root: root, layout: layout)
  }

  package var fileBytes: Int { layout.fileBytes }
}

// In the cache a content's directory is `ab/abcd…-<size>`.
extension ContentName {
  var shelfName: String { String(folderName.prefix(2)) }

  var folderName: String { "\(root)-\(fileBytes)" }

  /// nil for what is no such directory's name, in the one right form.
  init?(folderName: String) {
    let parts = folderName.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let root = ContentRoot(hex: parts[0]), let size = Int(parts[1]),
      let layout = ContentLayout(fileBytes: size)
    else { return nil }
    self.init(root: root, layout: layout)
    guard self.folderName == folderName else { return nil }
  }
}

extension WireWriter {
  mutating func content(_ name: ContentName) {
    root(name.root)
    u64(UInt64(name.fileBytes))
  }

  mutating func localPath(_ path: LocalPath) { blob(path.bytes) }
}

extension WireReader {
  mutating func content() throws(Malformed) -> ContentName {
    let root = ContentRoot(Digest(try span(Digest.byteCount)))
    guard let layout = ContentLayout(fileBytes: try u64()) else {
      throw Malformed("a size that no content has")
    }
    return ContentName(root: root, layout: layout)
  }

  mutating func localPath() throws(Malformed) -> LocalPath {
    guard let path = LocalPath(try blob(max: LocalPath.bytesMax)) else {
      throw Malformed("a path that is none")
    }
    return path
  }
}
