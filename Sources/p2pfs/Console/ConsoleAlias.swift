// Words that people bring along from classroom-style trackers, as what they mean here. Those trackers had no groups;
// who is in one group only need not name it.

import GroupModel
import Swarm
import Volume

enum ConsoleAlias {
  static let leaves: Set<String> = ["quit", "exit"]

  /// For those who ask the console for help.
  static let help = """

    In the console also, for who is in one group only:
      show                 lists its files
      share <n> <file>...  shares n files
      seed <file>          shares a file, and shows its link: root and size are in it
      fetch <root> <bytes> <output>
                           fetches what has that root and size
      download <file>      fetches a file into this directory
      start                lists downloads
      exit                 leaves the console

    A name can be typed as lists show it, with \\\\, \\n and \\ooo; put it in quotes if
    it has spaces.
    """

  /// The commands that a line stands for.
  static func meaning(of words: [String], _ volume: GroupVolume?) throws(Failure) -> [[String]] {
    switch words.first {
    case "show" where words.count == 1:
      return try groups(volume).map { ["list_files", $0] }
    case "share" where words.count >= 2:
      let files = try counted(words)
      return [["upload_file"] + files + [try onlyGroup(volume)]]
    case "seed" where words.count == 2:
      return try seed(words[1], in: try onlyGroup(volume))
    case "fetch" where words.count == 4:
      return [["fetch", "p2pfs://\(try onlyGroup(volume))/\(words[1])/\(words[2])/file", words[3]]]
    case "download" where words.count == 2:
      return [["download_file", try onlyGroup(volume), words[1], "."]]
    case "start" where words.count == 1: return [["show_downloads"]]
    default:
      if let word = words.first, let usage = usages[word] {
        throw .usage("\(word) does not go with what stands behind it: usage is '\(usage)'")
      }
      return [words]
    }
  }

  static let usages = [
    "show": "show", "share": "share <n> <file>...", "seed": "seed <file>", "download": "download <file>",
    "start": "start",
  ]

  /// A directory has no root.
  private static func seed(_ path: String, in group: String) throws(Failure) -> [[String]] {
    let upload = ["upload_file", path, group]
    guard let place = LocalPath(path), !LocalTree.isDirectory(place) else { return [upload] }
    return [upload, ["link", group, String(decoding: place.name, as: UTF8.self)]]
  }

  /// `share 2 a, b`: the number says how many, and commas may part them.
  private static func counted(_ words: [String]) throws(Failure) -> [String] {
    let files = words.dropFirst(2).flatMap { $0.split(separator: ",").map(String.init) }
    guard let count = Int(words[1]), count == files.count, count > 0 else {
      throw .usage("share wants the number of files and then so many: usage is 'share <n> <file>...'")
    }
    return files
  }

  private static func groups(_ volume: GroupVolume?) throws(Failure) -> [String] {
    guard let volume else { throw .refused(.notLoggedIn) }
    do throws(VolumeError) { return try volume.groupNames().map(\.description) } catch {
      throw Failure(error)
    }
  }

  private static func onlyGroup(_ volume: GroupVolume?) throws(Failure) -> String {
    let groups = try groups(volume)
    guard groups.count == 1 else {
      throw .usage(
        "you are in \(groups.count) groups: name one with upload_file or download_file ('help' shows how)")
    }
    return groups[0]
  }
}
