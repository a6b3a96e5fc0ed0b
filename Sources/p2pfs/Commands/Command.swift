// One command, understood: what the shell, the console and the control files have in common. Nothing here
// knows at which of these doors it was given.

import GroupModel

enum Command: Hashable, Sendable {
  case createUser(UserName, password: [UInt8]?)
  case login(UserName, password: [UInt8]?)
  case logout
  case passwd
  case listGroups
  case createGroup(GroupName)
  case joinGroup(GroupName)
  case leaveGroup(GroupName)
  case listRequests(GroupName)
  case acceptRequest(GroupName, UserName)
  case rejectRequest(GroupName, UserName)
  case listMembers(GroupName)
  case removeMember(GroupName, UserName)
  case listFiles(GroupName)
  case uploadFile([String], GroupName)
  case downloadFile(GroupName, String, destination: String)
  case showDownloads
  case stopDownload(GroupName, String)
  case stopShare(GroupName, String)
  case startShare(GroupName, String)
  case link(GroupName, String)
  case fetch(String, destination: String?)
  case peers(GroupName?, String?)
  /// `-f`: stays in the foreground.
  case mount(String, staysHere: Bool)
  case unmount(String)
  case sync
  case serve
  /// Where to listen, and the trackers.
  case console(listen: String?, tracker: String?)
  case quit
  case status(json: Bool)
  /// `--once`: one picture, and no keys.
  case top(once: Bool)
  case doctor
  case help(topic: String?)
  case version
}

extension Command {
  /// `words` is the command's name and its arguments, `flags` what was given beside them, such as `--json`.
  init(words: [String], flags: Set<String> = []) throws(Failure) {
    guard let name = words.first else { throw .usage("no command is given: 'p2pfs help' lists them") }
    // No command has a colon in it.
    if name.contains(":") {
      _ = try ConsoleAddress.checked(name)
      self = try Command(words: ["console"] + words, flags: flags)
      return
    }
    let word = try CommandWord.named(name)
    for flag in flags where !word.flags.contains(flag) {
      throw .usage("\(word.name) does not know \(flag): usage is '\(word.usage)'")
    }
    self = try word.command(Arguments(of: word, Array(words.dropFirst()), flags: flags))
  }

  /// The group that it is about.
  var group: GroupName? {
    switch self {
    case .createGroup(let group), .joinGroup(let group), .leaveGroup(let group), .listRequests(let group),
      .acceptRequest(let group, _), .rejectRequest(let group, _), .listMembers(let group),
      .removeMember(let group, _), .listFiles(let group), .uploadFile(_, let group),
      .downloadFile(let group, _, _), .stopDownload(let group, _), .stopShare(let group, _),
      .startShare(let group, _), .link(let group, _):
      group
    case .peers(let group, _): group
    case .fetch(let link, _): (try? ContentLink(link))?.group
    case .createUser, .login, .logout, .passwd, .listGroups, .showDownloads, .mount, .unmount, .sync, .serve,
      .console, .quit, .status, .top, .doctor, .help, .version:
      nil
    }
  }

  /// The user that it names.
  var user: UserName? {
    switch self {
    case .createUser(let user, _), .login(let user, _), .acceptRequest(_, let user),
      .rejectRequest(_, let user), .removeMember(_, let user):
      user
    case .logout, .passwd, .listGroups, .createGroup, .joinGroup, .leaveGroup, .listRequests, .listMembers,
      .listFiles, .uploadFile, .downloadFile, .showDownloads, .stopDownload, .stopShare, .startShare, .link,
      .fetch, .peers, .mount, .unmount, .sync, .serve, .console, .quit, .status, .top, .doctor, .help,
      .version:
      nil
    }
  }

  /// The file of the group that it names.
  var file: String? {
    switch self {
    case .downloadFile(_, let path, _), .stopDownload(_, let path), .stopShare(_, let path),
      .startShare(_, let path), .link(_, let path):
      path
    case .peers(_, let path): path
    default: nil
    }
  }

  /// For a sentence about it.
  var fileWords: String? { file.map { Quoted.text($0) } }

  /// The password that stood on the command line.
  var givenPassword: [UInt8]? {
    switch self {
    case .createUser(_, let password), .login(_, let password): password
    default: nil
    }
  }
}

/// Where a console is to listen.
enum ConsoleAddress {
  static func checked(_ text: String) throws(Failure) -> PeerAddress {
    do throws(AddressError) { return try PeerAddress(text: text) } catch {
      throw .usage("\(Quoted.text(text)) is no address to listen at, \(error.sentence): write IP:PORT")
    }
  }
}
