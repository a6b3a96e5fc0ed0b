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

  /// Who is online and has how much of a file.
  package func holders(
    of path: FilePath, in name: GroupName
  ) throws(VolumeError) -> [(user: UserName, pieces: String)] {
    let group = try group(name)
    guard case .file(let content) = try entry(path, in: group).kind, let contentName = ContentName(content)
    else {
      return []
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

  private static func count(_ pieces: Holding.Pieces, of all: Int) -> Int {
    switch pieces {
    case .none: 0
    case .all: all
    case .some(let runs): runs.reduce(0) { $0 + $1.count }
    }
  }
}
