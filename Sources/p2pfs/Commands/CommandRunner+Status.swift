// Who is logged in, at which network, and which of its trackers answer. A tracker that does not is an answer
// here, not a failure.

import GroupModel

extension CommandRunner {
  func showStatus(json: Bool) throws(Failure) {
    let status = try status(knocksAtTrackers: true)
    try door.show(json ? .line(status.json.text) : .status(status))
  }

  /// Without knocking it takes no time, and is for those who look each second.
  func status(knocksAtTrackers: Bool) throws(Failure) -> Status {
    let path = try options.stateDirectory()
    let directory = try StateDirectory(existing: path)
    let login: SavedLogin? = if let directory { try SavedLogin.load(from: directory) } else { nil }
    var status = Status(state: path)
    status.daemonRuns = engine != nil || daemonIsSilent
    status.daemonIsSilent = daemonIsSilent
    status.daemon = engine?.report
    if let login {
      status.user = login.user
      status.validUntil = network.end(of: login.certificatePEM)
    }
    guard let info = try trackers(of: login) else { return status }
    status.authority = login?.authority ?? info.authority
    if status.authority == nil { status.authority = try known(info, directory) }
    let conditions =
      knocksAtTrackers
      ? network.probe(info, as: status.isExpired ? nil : login, trusting: status.authority)
      : info.trackers.map { _ in .notAsked }
    status.trackers = zip(info.trackers, conditions).map { Status.ListedTracker(address: $0, condition: $1) }
    return status
  }

  /// What was seen at these trackers before.
  private func known(_ info: TrackerInfo, _ directory: StateDirectory?) throws(Failure) -> [UInt8]? {
    guard let directory else { return nil }
    return try KnownNetworks.load(from: directory).authority(of: info)
  }

  /// nil where nobody said which they are.
  private func trackers(of login: SavedLogin?) throws(Failure) -> TrackerInfo? {
    guard login != nil || options.tracker != nil || TrackerFile.isHere else { return nil }
    return try TrackerFile.find(named: options.tracker, saved: login?.trackerText).info
  }
}
