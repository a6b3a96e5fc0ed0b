// What lies in a group, and who has it, as downloads and lists ask.

package import GroupModel
internal import Swarm

extension GroupVolume {
  /// What lies below a directory; nil for what is none.
  package func files(at path: FilePath, in name: GroupName) throws(VolumeError) -> [Entry]? {
    let group = try group(name)
    guard try entry(path, in: group).kind.isDirectory else { return nil }
    var files: [Entry] = []
    do throws(BookTrouble) {
      while true {
        let page = try book.entries(in: group, below: path, after: files.last?.path, limit: 1000)
        guard !page.isEmpty else { return files }
        files += page
      }
    } catch {
      throw .state("\(error)")
    }
  }

  /// In the order of their paths.
  package func page(
    of name: GroupName, after path: FilePath?, limit: Int
  ) throws(VolumeError) -> (id: GroupID, entries: [Entry]) {
    let group = try group(name)
    do throws(BookTrouble) { return (group, try book.entries(in: group, after: path, limit: limit)) } catch {
      throw .state("\(error)")
    }
  }

  package func kind(of path: FilePath, in name: GroupName) throws(VolumeError) -> Entry.Kind {
    try entry(path, in: try group(name)).kind
  }

  /// The file that has this content: under that name, else under whichever has it now. Nothing else is believed of
  /// who names a content.
  package func entry(
    holding root: ContentRoot?, bytes: UInt64, named path: FilePath, in name: GroupName
  ) throws(VolumeError) -> Entry {
    let group = try group(name)
    if let entry = try found(path, in: group), entry.isFile(of: root, bytes: bytes) { return entry }
    if root != nil, let entry = try firstEntry(in: group, where: { $0.isFile(of: root, bytes: bytes) }) {
      return entry
    }
    // It may have been published this moment.
    _ = book.wait(milliseconds: Self.newsMilliseconds) { (try? found(path, in: group)) != nil }
    guard let entry = try found(path, in: group), entry.isFile(of: root, bytes: bytes) else {
      throw .refused(.noSuchFile)
    }
    return entry
  }

  static let newsMilliseconds = 1_000

  private func firstEntry(
    in group: GroupID, where fits: (Entry) -> Bool
  ) throws(VolumeError) -> Entry? {
    do throws(BookTrouble) {
      var last: FilePath?
      while true {
        let page = try book.entries(in: group, after: last, limit: 1000)
        if let entry = page.first(where: fits) { return entry }
        guard let end = page.last?.path else { return nil }
        last = end
      }
    } catch {
      throw .state("\(error)")
    }
  }

  /// Who is online and has how much of a file.
  package func holders(
    of path: FilePath, in name: GroupName
  ) throws(VolumeError) -> [(user: UserName, pieces: String)] {
    let group = try group(name)
    let kind = try entry(path, in: group).kind
    guard !kind.isDirectory else { throw .refused(.isDirectory) }
    guard case .file(let content) = kind, let contentName = ContentName(content) else {
      // It has no bytes: whoever knows its name has it.
      return [(user, "0/0")]
    }
    let key = ContentKey(group: group, root: contentName.root)
    let answer = try ask(.locate(key))
    if case .refused(let refusal) = answer { throw .refused(refusal) }
    guard case .holders(let others) = answer else { return [] }
    let all = contentName.layout.pieceCount
    var holders = others.map { ($0.user, "\(Self.count($0.pieces, of: all))/\(all)") }
    if let mine = shared.stored(key) { holders.append((user, "\(mine.pieces.count)/\(all)")) }
    return holders
  }

  /// As people know a content that is on its way: `team/report.pdf`. Where no file of it is known here, its root stands
  /// in for the name.
  package func label(of key: ContentKey) -> String {
    let group = book.groups[key.group].map(\.description) ?? "-"
    let file = shared.files(of: key.root).filter { $0.group == key.group }.map(\.path).min()
    return "\(group)/\(file.map { Printable.escaped($0.bytes) } ?? "\(key.root)")"
  }

  private static func count(_ pieces: Holding.Pieces, of all: Int) -> Int {
    switch pieces {
    case .none: 0
    case .all: all
    case .some(let runs): runs.reduce(0) { $0 + $1.count }
    }
  }
}

extension Entry {
  fileprivate func isFile(of root: ContentRoot?, bytes: UInt64) -> Bool {
    guard case .file(let content) = kind else { return false }
    return content.root == root && content.size == bytes
  }
}
