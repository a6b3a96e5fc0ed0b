// The tracker_info.txt that holds now: the one named by --tracker or $P2PFS_TRACKER, else the one saved at login,
// else the one that lies here.

import Glibc
import GroupModel

struct TrackerFile: Hashable, Sendable {
  static let nameHere = "tracker_info.txt"

  let info: TrackerInfo
  let text: [UInt8]

  /// Whether one lies in the current directory.
  static var isHere: Bool { access(nameHere, F_OK) == 0 }

  static func find(named path: String?, saved: [UInt8]?) throws(Failure) -> TrackerFile {
    if let path { return try TrackerFile(at: path) }
    if let saved { return try TrackerFile(saved, named: "the tracker_info.txt saved at login") }
    return try TrackerFile(at: nameHere, isGuess: true)
  }

  private init(at path: String, isGuess: Bool = false) throws(Failure) {
    let text: [UInt8]
    do throws(Failure) {
      text = try SmallFile.bytes(at: path, max: TrackerInfo.bytesMax)
    } catch .disk(let number, _) {
      throw Self.unreadable(path, number, isGuess: isGuess)
    }
    try self.init(text, named: Quoted.text(path))
  }

  private init(_ text: [UInt8], named name: String) throws(Failure) {
    do throws(TrackerInfoError) {
      info = try TrackerInfo(parsing: text)
      self.text = text
    } catch {
      throw .configuration("\(name), \(error.sentence): \(TrackerInfo.form)")
    }
  }

  private static func unreadable(_ path: String, _ number: Int32, isGuess: Bool) -> Failure {
    switch number {
    case ENOENT where isGuess:
      return .configuration("there is no \(path) here: say where with --tracker FILE or $P2PFS_TRACKER")
    case EFBIG:
      return .configuration(
        "\(Quoted.text(path)), \(TrackerInfoMistake.fileTooLarge.sentence): \(TrackerInfo.form)")
    default:
      let reason = String(cString: strerror(number))
      return .configuration(
        "cannot read \(Quoted.text(path)), \(reason): name a tracker_info.txt with --tracker FILE")
    }
  }
}

extension TrackerInfo {
  /// Where the list says which authority its network has. Nobody has been asked yet.
  func mustBeNetwork(of login: SavedLogin) throws(Failure) {
    guard let authority, authority != login.authority else { return }
    throw .configuration(
      "the list of trackers names the authority \(Fingerprint.text(authority)), and this login was made with "
        + "\(Fingerprint.text(login.authority)): give the list of the login's network with --tracker FILE, or log "
        + "in to the other one with 'p2pfs login USER --tracker FILE'")
  }
}
