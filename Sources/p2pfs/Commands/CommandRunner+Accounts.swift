// Accounts and the saved login. What changes the state directory holds its lock from reading to writing, the
// tracker's answer in between included: else a login could save over another that was made meanwhile. Passwords
// are asked for before, so that a person who thinks keeps nobody waiting.

import GroupModel
import Swarm

extension CommandRunner {
  func runAccount(_ command: Command) throws(Failure) {
    switch command {
    case .createUser(let user, let password): try createUser(user, password)
    case .login(let user, let password): try login(user, password)
    case .logout: try logout()
    default: try changePassword()
    }
  }

  private func createUser(_ user: UserName, _ given: [UInt8]?) throws(Failure) {
    let (directory, trackers) = try place()
    let password = try passwords.password(for: .account(user), given: given)
    let lock = try StateLock(on: directory)
    let (line, isFirstSight) = try firstLine(to: trackers.info, directory, lock)
    if isFirstSight {
      try door.show(.line("first sight of this network: its authority is \(line.authority.text)"))
    }
    guard case .done = try line.answer(to: .createUser(RequestID.next(), user, password: password)) else {
      throw .strangeAnswer
    }
    try door.show(.line("created user \(user)"))
  }

  private func login(_ user: UserName, _ given: [UInt8]?) throws(Failure) {
    let (directory, trackers) = try place()
    let password = try passwords.password(for: .login(user), given: given)
    let lock = try StateLock(on: directory)
    let (line, _) = try firstLine(to: trackers.info, directory, lock)
    let key = try network.makeKeyPEM()
    let request = try network.certificateRequest(signedBy: key)
    let certificate = try certificate(
      line.answer(to: .login(user, password: password, certificateRequest: request)))
    let login = SavedLogin(
      user: user, trackerText: trackers.text, keyPEM: key, certificatePEM: certificate,
      authorityPEM: line.authority.certificatePEM, authority: line.authority.fingerprint)
    try login.save(in: directory, holding: lock)
    try door.show(.line("logged in as \(user)"))
    // Who did not get the fingerprint with the list of trackers can compare this one with a friend's.
    if trackers.info.authority == nil {
      try door.show(.line("the network's authority is \(line.authority.text)"))
    }
  }

  /// Who wants to log out is logged out here, also where no tracker can be told: a login that nobody has the
  /// key of any more ends by itself.
  private func logout() throws(Failure) {
    guard let directory = try StateDirectory(existing: options.stateDirectory()) else {
      throw .refused(.notLoggedIn)
    }
    let lock = try StateLock(on: directory)
    let login = try loginToEnd(in: directory)
    let told = login.map(tellTracker) ?? false
    try SavedLogin.erase(in: directory, holding: lock)
    let who = login?.user.description ?? "the damaged login"
    try door.show(.line(told ? "logged out \(who)" : "logged out \(who) here; no tracker was told"))
  }

  /// nil where there is one that cannot be read: it is to go all the same.
  private func loginToEnd(in directory: StateDirectory) throws(Failure) -> SavedLogin? {
    do throws(Failure) {
      guard let login = try SavedLogin.load(from: directory) else { throw .refused(.notLoggedIn) }
      return login
    } catch .damaged {
      return nil
    }
  }

  private func tellTracker(of login: SavedLogin) -> Bool {
    do throws(Failure) {
      return try session(of: login).line.answer(to: .logout) == .done
    } catch {
      // A login that had ended already needs no ending.
      return error == .refused(.loginEnded) || error == .refused(.notLoggedIn)
    }
  }

  private func changePassword() throws(Failure) {
    guard let directory = try StateDirectory(existing: options.stateDirectory()),
      let user = try SavedLogin.load(from: directory)?.user
    else { throw .refused(.notLoggedIn) }
    let password = try passwords.password(for: .change(user), given: nil)
    let lock = try StateLock(on: directory)
    guard var login = try SavedLogin.load(from: directory), login.user == user else {
      throw .refused(.loginEnded)
    }
    let line = try session(of: login).line
    let request = try network.certificateRequest(signedBy: login.keyPEM)
    login.certificatePEM = try certificate(
      line.answer(to: .changePassword(RequestID.next(), password: password, certificateRequest: request)))
    try login.save(in: directory, holding: lock)
    try door.show(.line("changed the password of \(user)"))
  }

  private func certificate(_ answer: TrackerAnswer) throws(Failure) -> [UInt8] {
    guard case .certificate(let der) = answer else { throw .strangeAnswer }
    return try network.certificatePEM(ofDER: der)
  }
}

// Where nobody is logged in yet.
extension CommandRunner {
  /// The state directory, and the trackers to go to. A login that is damaged is about to be replaced.
  private func place() throws(Failure) -> (StateDirectory, TrackerFile) {
    let directory = try StateDirectory(making: options.stateDirectory())
    let saved = try? SavedLogin.load(from: directory)
    return (directory, try TrackerFile.find(named: options.tracker, saved: saved?.trackerText))
  }

  /// An authority that the file names is trusted because the file is; one that was seen here before must be the
  /// same again; at first sight it is taken and remembered, for the caller to show.
  private func firstLine(
    to trackers: TrackerInfo, _ directory: StateDirectory, _ lock: borrowing StateLock
  ) throws(Failure) -> (line: any TrackerAsking, isFirstSight: Bool) {
    var known = try KnownNetworks.load(from: directory)
    let pin = if let named = trackers.authority { named } else { try known.authority(of: trackers) }
    let line = try network.connect(to: trackers, trusting: pin)
    let before = known
    known.remember(line.authority.fingerprint, of: trackers)
    if known != before { try known.save(in: directory, holding: lock) }
    return (line, isFirstSight: pin == nil)
  }
}
