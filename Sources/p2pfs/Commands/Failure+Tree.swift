// What the tree and the command language say of the same trouble, turned into each other: control files are commands
// whose failures are errnos.

import GroupModel
import Swarm
import Volume

extension Failure {
  init(_ error: TreeError) {
    self =
      switch error {
      case .refused(let refusal): .refused(refusal)
      case .notFound: .refused(.noSuchFile)
      case .exists: .refused(.fileExists)
      case .notEmpty: .refused(.directoryNotEmpty)
      case .notDirectory: .refused(.notDirectory)
      case .isDirectory: .refused(.isDirectory)
      case .noTracker: .noTracker([])
      case .noSource: .noSource
      case .timedOut: .timedOut
      case .interrupted: .calledOff
      case .notNow(let text): .notPublished("\(text): try again in a moment")
      case .invalid(let text): .malformed("\(text): correct it")
      case .disk(let trouble): .disk(trouble.errno, "the disk")
      case .state(let text): .unusable("\(text): check the state directory, its permissions and its disk")
      default: .refused(.malformed)
      }
  }
}

extension TreeError {
  /// By the table in SPEC 3.1.
  init(_ failure: Failure) {
    self =
      switch failure {
      case .usage(let text), .malformed(let text): .invalid(text)
      case .refused(.noSuchFile), .noDownload, .notMounted, .notShared: .notFound
      case .refused(let refusal): TreeError(refusal)
      case .noTracker, .authorityChanged, .noDaemon, .daemonSilent, .daemonRuns, .cannotListen,
        .cannotShowMetrics, .strangeAnswer:
        .noTracker
      case .destinationExists, .wouldReplace: .exists
      case .noSource: .noSource
      case .timedOut: .timedOut
      case .calledOff, .readerGone: .interrupted
      case .notPublished(let text), .inUse(let text), .downloadsElsewhere(let text): .notNow(text)
      case .notAFile: .invalid(failure.sentence(for: nil))
      case .fileChanged: .disk(.changed)
      case .disk(let number, _): .disk(.failed(errno: number))
      case .foreignState, .damaged, .unusable, .configuration, .cannotMount, .otherTrackers:
        .state(failure.sentence(for: nil))
      }
  }
}

extension Failure {
  init(_ change: AuthorityChange) {
    self = .authorityChanged(saved: change.expected.bytes, seen: change.seen.bytes)
  }

  /// Why no tracker of ours answers, where that is known.
  func explained(by volume: GroupVolume) -> Failure {
    guard case .noTracker = self, let change = volume.line.authorityChange else { return self }
    return Failure(change)
  }
}
