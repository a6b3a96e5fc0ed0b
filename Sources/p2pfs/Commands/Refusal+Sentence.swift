// What the tracker refuses, as an exit code and in words, with the group and the user that were meant.

import GroupModel

extension Refusal {
  var exitCode: Int32 {
    switch self {
    case .malformed: ExitCode.malformed
    case .noSuchUser, .noSuchGroup, .noSuchRequest, .noSuchMember, .noSuchFile: ExitCode.noSuch
    case .userExists, .groupExists, .alreadyMember, .fileExists, .directoryNotEmpty, .notDirectory,
      .isDirectory:
      ExitCode.exists
    case .conflict, .busy, .throttled, .trackerFull, .limitReached: ExitCode.notNow
    case .notOwner, .notMember, .notYours, .wrongLogin, .notLoggedIn, .loginEnded: ExitCode.notAllowed
    }
  }

  func sentence(for command: Command?) -> String {
    let words = RefusalWords(command)
    switch self {
    case .malformed: return words.malformed
    case .noSuchUser, .noSuchGroup, .noSuchRequest, .noSuchMember, .noSuchFile: return words.missing(self)
    case .userExists, .groupExists, .alreadyMember: return words.taken(self)
    case .fileExists, .directoryNotEmpty, .notDirectory, .isDirectory, .conflict, .notYours:
      return words.aboutFiles(self)
    case .notOwner, .notMember: return words.notAllowed(self)
    case .wrongLogin, .notLoggedIn, .loginEnded: return words.aboutLogin(self)
    case .busy, .throttled, .trackerFull, .limitReached: return words.notNow(self)
    }
  }
}

/// One function a family of refusals. Where the command does not say whom or what it is about, neither do they.
private struct RefusalWords {
  let command: Command?
  let group: String
  let user: String
  /// For commands that are shown to be typed.
  let groupWord: String
  let userWord: String

  init(_ command: Command?) {
    self.command = command
    group = command?.group?.description ?? "the group"
    user = command?.user?.description ?? "the user"
    groupWord = command?.group?.description ?? "GROUP"
    userWord = command?.user?.description ?? "USER"
  }

  var malformed: String {
    if case .removeMember = command {
      return "you cannot remove yourself from \(group): use 'p2pfs leave_group \(groupWord)'"
    }
    return "the tracker takes a name or a value for malformed: for names, \(NameRule.sentence)"
  }

  func missing(_ refusal: Refusal) -> String {
    switch refusal {
    case .noSuchUser: "there is no user \(named(command?.user)): \(userRemedy)"
    case .noSuchGroup:
      "there is no group \(named(command?.group)): see 'p2pfs list_groups', or make it with "
        + "'p2pfs create_group \(groupWord)'"
    case .noSuchRequest: "\(user) has not asked to join \(group): see 'p2pfs list_requests \(groupWord)'"
    case .noSuchMember: noSuchMember
    default: "there is no such file in \(group): see 'p2pfs list_files \(groupWord)'"
    }
  }

  private func named(_ name: (some CustomStringConvertible)?) -> String {
    name?.description ?? "of that name"
  }

  private var userRemedy: String {
    switch command {
    case .acceptRequest, .rejectRequest: "see 'p2pfs list_requests \(groupWord)'"
    case .removeMember: "see 'p2pfs list_members \(groupWord)'"
    default: "check the spelling"
    }
  }

  private var noSuchMember: String {
    if case .leaveGroup = command {
      return "you are not in \(group): 'p2pfs list_groups' shows where you are"
    }
    return "\(user) is not a member of \(group): see 'p2pfs list_members \(groupWord)'"
  }

  func taken(_ refusal: Refusal) -> String {
    switch refusal {
    case .userExists:
      "there is a user \(named(command?.user)) already: choose another name, or log in with 'p2pfs login \(userWord)'"
    case .groupExists:
      "there is a group \(named(command?.group)) already: choose another name, or ask to join it with "
        + "'p2pfs join_group \(groupWord)'"
    default:
      "\(command?.user == nil ? "you are" : "\(user) is") already in \(group): nothing is left to do"
    }
  }

  func aboutFiles(_ refusal: Refusal) -> String {
    switch refusal {
    case .fileExists: "that name is taken in \(group): choose another, or remove what has it"
    case .directoryNotEmpty: "that directory of \(group) is not empty: remove first what lies in it"
    case .notDirectory: "a part of that path in \(group) is a file: see 'p2pfs list_files \(groupWord)'"
    case .isDirectory: "that is a directory of \(group): name a file"
    case .conflict: "somebody changed that in \(group) meanwhile: look at what is there now and try again"
    default: "that file of \(group) belongs to somebody else: ask its owner, or the owner of \(group)"
    }
  }

  func notAllowed(_ refusal: Refusal) -> String {
    if refusal == .notOwner {
      return "only the owner of \(group) can do that: ask the owner (list_groups shows who it is)"
    }
    return "you are not a member of \(group): ask to join it with 'p2pfs join_group \(groupWord)'"
  }

  func aboutLogin(_ refusal: Refusal) -> String {
    switch refusal {
    case .wrongLogin:
      "wrong user or wrong password: check both, or make an account with 'p2pfs create_user \(userWord)'"
    case .notLoggedIn: "you are not logged in: use 'p2pfs login USER'"
    default:
      "this login has ended (a day passed without it, it was logged out, or the password was changed): "
        + "log in again with 'p2pfs login USER'"
    }
  }

  func notNow(_ refusal: Refusal) -> String {
    switch refusal {
    case .throttled(let seconds):
      "too many attempts: try again in \(seconds) second\(seconds == 1 ? "" : "s")"
    case .trackerFull: "the tracker has no room for more: ask whoever runs it, or try again later"
    case .limitReached: "a limit of the network is reached: remove something, or ask whoever runs the tracker"
    default: "the tracker is busy: try again in a moment"
    }
  }
}
