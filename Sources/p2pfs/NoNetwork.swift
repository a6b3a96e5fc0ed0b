// Stands where the trackers' line and the local catalog will be put in: it finds nobody.

import GroupModel

struct NoNetwork: Network, FileListing {
  func connect(to trackers: TrackerInfo, trusting pin: [UInt8]?) throws(Failure) -> any TrackerAsking {
    throw .noTracker(trackers.trackers)
  }

  func connect(to trackers: TrackerInfo, as login: SavedLogin) throws(Failure) -> any TrackerAsking {
    throw .noTracker(trackers.trackers)
  }

  func makeKeyPEM() throws(Failure) -> [UInt8] { throw .noTracker([]) }

  func certificateRequest(signedBy keyPEM: [UInt8]) throws(Failure) -> [UInt8] { throw .noTracker([]) }

  func certificatePEM(ofDER certificate: [UInt8]) throws(Failure) -> [UInt8] { throw .noTracker([]) }

  func forEachFile(
    of group: GroupName, over line: any TrackerAsking, _ body: (ListedFile) throws(Failure) -> Void
  ) throws(Failure) { throw .noTracker([]) }
}
