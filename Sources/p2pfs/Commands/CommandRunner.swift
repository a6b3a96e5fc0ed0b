// Carries out a command: asks the trackers, keeps the login, and says the answer at the door that it came in by.
// Accounts are in CommandRunner+Accounts, lists in +Lists. One thread calls it.

import GroupModel
import Swarm

struct CommandRunner {
  let options: Options
  let network: any Network
  let files: any FileListing
  let passwords: any PasswordAsking
  let door: any Door
  /// The daemon's, where there is one.
  var engine: (any SharingEngine)?
  /// There is one, and it does not answer.
  var daemonIsSilent = false

  func run(_ command: Command) throws(Failure) {
    switch command {
    case .createUser, .login, .logout, .passwd: try runAccount(command)
    case .listGroups, .listRequests, .listMembers, .listFiles: try runList(command)
    case .createGroup(let group): try propose(.found, in: group, "created group \(group)")
    case .joinGroup(let group):
      try propose(.join, in: group, "asked to join \(group): its owner has to accept")
    case .leaveGroup(let group): try propose(.leave, in: group, "left \(group)")
    case .acceptRequest(let group, let user):
      try propose(.accept(user), in: group, "accepted \(user) into \(group)")
    case .rejectRequest(let group, let user):
      try propose(.reject(user), in: group, "rejected \(user)'s request to join \(group)")
    case .removeMember(let group, let user):
      try propose(.remove(user), in: group, "removed \(user) from \(group)")
    case .uploadFile, .downloadFile, .showDownloads, .stopDownload, .stopShare, .startShare, .fetch, .peers,
      .unmount, .sync:
      try runFiles(command)
    case .link(let group, let path): try showLink(group, path)
    case .mount, .top, .doctor: throw .usage("that is not for here: give it to a shell of its own")
    case .serve, .console:
      throw .usage("this is a daemon that shares already: give 'serve' and 'console' to a shell")
    case .quit:
      throw .usage("'quit' leaves the console, and this is a shell: end 'p2pfs serve' with Ctrl-C or SIGTERM")
    case .status(let json): try showStatus(json: json)
    case .help(let topic): try help(topic)
    case .version: try door.show(.line(Version.text))
    }
  }

  private func propose(
    _ wish: Proposal.Wish, in group: GroupName, _ confirmation: String
  ) throws(Failure) {
    let line = try session().line
    let answer = try line.answer(to: .propose(RequestID.next(), Proposal(wish, in: group)))
    guard case .decided(let id, let number) = answer else { throw .strangeAnswer }
    engine?.waitFor(number, of: id, wish, in: group)
    try door.show(.line(confirmation))
  }

  private func help(_ topic: String?) throws(Failure) {
    guard let topic else { return try door.show(.line(HelpText.overview)) }
    try door.show(.line(HelpText.explanation(of: try CommandWord.named(topic))))
  }
}

extension CommandRunner {
  struct Session {
    let login: SavedLogin
    let line: any TrackerAsking
  }

  /// The line of who is logged in.
  func session() throws(Failure) -> Session {
    // What is wrong with the command line is told first.
    if options.tracker != nil { _ = try TrackerFile.find(named: options.tracker, saved: nil) }
    guard let directory = try StateDirectory(existing: options.stateDirectory()),
      let login = try SavedLogin.load(from: directory)
    else { throw .refused(.notLoggedIn) }
    let session = try session(of: login)
    if network.isHalfSpent(login.certificatePEM) { renew(session, in: directory) }
    return session
  }

  /// Who uses his login at least now and then keeps it. What goes wrong here is for the next command to try again;
  /// what another command has saved meanwhile is left alone.
  private func renew(_ session: Session, in directory: StateDirectory) {
    guard let lock = StateLock(unlessHeldOn: directory), var login = try? SavedLogin.load(from: directory),
      login == session.login, let request = try? network.certificateRequest(signedBy: login.keyPEM),
      case .certificate(let der)? = try? session.line.answer(to: .renew(certificateRequest: request)),
      let certificate = try? network.certificatePEM(ofDER: der)
    else { return }
    login.certificatePEM = certificate
    try? login.save(in: directory, holding: lock)
  }

  /// A certificate of one network is worth nothing in another, so its authority is the only one to trust.
  func session(of login: SavedLogin) throws(Failure) -> Session {
    let trackers = try TrackerFile.find(named: options.tracker, saved: login.trackerText).info
    try trackers.mustBeNetwork(of: login)
    return Session(login: login, line: try network.connect(to: trackers, as: login))
  }
}

extension TrackerAsking {
  /// A refusal is thrown.
  func answer(to request: TrackerRequest) throws(Failure) -> TrackerAnswer {
    let answer = try ask(request)
    if case .refused(let refusal) = answer { throw .refused(refusal) }
    return answer
  }
}
