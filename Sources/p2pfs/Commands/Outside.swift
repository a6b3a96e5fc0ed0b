// What the commands need of the rooms below, as narrow as they need it: tests stand in here, and Program puts the
// real ones in.

import GroupModel

/// A line to the network's trackers, of one person or of nobody. Calls wait for the answer.
protocol TrackerAsking {
  /// The authority that vouched for the tracker; what it had to be was checked before the line existed.
  var authority: Authority { get }

  /// Moves to the next tracker by itself where one goes away; `.noTracker` after 10 seconds without any.
  func ask(_ request: TrackerRequest) throws(Failure) -> TrackerAnswer
}

/// A network's certificate authority.
struct Authority: Hashable, Sendable {
  /// The SHA-256 of its certificate.
  let fingerprint: [UInt8]
  let certificatePEM: [UInt8]

  /// `sha256:` and 64 hexadecimal digits.
  var text: String { Fingerprint.text(fingerprint) }
}

protocol Network {
  /// A line on which nobody is logged in. `pin` is nil at first sight, when any authority is taken;
  /// another one than the pin is `.authorityChanged`.
  func connect(to trackers: TrackerInfo, trusting pin: [UInt8]?) throws(Failure) -> any TrackerAsking

  /// A line of who is logged in, at these trackers (not always those saved at login).
  func connect(to trackers: TrackerInfo, as login: SavedLogin) throws(Failure) -> any TrackerAsking

  /// Knocks at each tracker by itself, at all of them at once, for a second at most; in their order.
  func probe(_ trackers: TrackerInfo, as login: SavedLogin?, trusting pin: [UInt8]?) -> [TrackerCondition]

  /// A new private key.
  func makeKeyPEM() throws(Failure) -> [UInt8]

  /// A certificate request in DER, signed by that key.
  func certificateRequest(signedBy keyPEM: [UInt8]) throws(Failure) -> [UInt8]

  func certificatePEM(ofDER certificate: [UInt8]) throws(Failure) -> [UInt8]

  /// When it ends, in seconds since 1970; nil where it is no certificate.
  func end(of certificatePEM: [UInt8]) -> Int64?

  /// Whether it is time for a new one.
  func isHalfSpent(_ certificatePEM: [UInt8]) -> Bool
}

/// What came of knocking at a tracker.
enum TrackerCondition: Hashable, Sendable {
  case answers
  /// It is there, and says that this login has ended.
  case refusesLogin
  /// It speaks in the name of another authority than the one that was expected.
  case otherAuthority([UInt8])
  /// It is not there, or does not speak.
  case silent
  /// It takes no connections while another one serves: it stands by, or is not running.
  case standsBy
  /// There were too many to ask them all.
  case notAsked
}

/// What list_files shows of one file.
struct ListedFile: Hashable, Sendable {
  let path: FilePath
  let byteCount: UInt64
  let owner: UserName
  let sharersOnline: UInt32
  var root: ContentRoot?
  /// Not a symbolic link.
  var isFile = true
}

/// Lists a group's files from the local catalog, brought up to date over `line` first.
protocol FileListing {
  func forEachFile(
    of group: GroupName, over line: any TrackerAsking, _ body: (ListedFile) throws(Failure) -> Void
  ) throws(Failure)
}
