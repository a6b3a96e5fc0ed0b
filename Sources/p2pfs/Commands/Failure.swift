// What can go wrong for a person: a closed list, one table to exit codes and one to sentences (SPEC 3.1).
// The sentences for what the tracker refuses are in Refusal+Sentence.swift.

import Glibc
import GroupModel
import Swarm

enum Failure: Error, Hashable, Sendable {
  /// The text holds both halves, `what was wrong: what to do`; so do those of malformed and configuration.
  case usage(String)
  case malformed(String)
  case refused(Refusal)
  /// Which were tried, and what came of it where one reason fits all.
  case noTracker([TrackerAddress], because: String? = nil)
  case noDaemon
  /// It takes commands, and gives no sign of life: which process it is, where that is known, and where its log lies.
  case daemonSilent(process: Int32?, log: String?)
  case daemonRuns
  /// Where, and why not.
  case cannotListen(String)
  /// Both halves.
  case cannotShowMetrics(String)
  /// A download's destination, or the share of a file, is not as it has to be.
  case destinationExists(String)
  /// A file that would be shared under the name of another that was named with it, and that other.
  case wouldReplace(String, String)
  case noDownload(String)
  /// Where it is going already.
  case downloadsElsewhere(String)
  case notShared(String)
  /// A file is not what it was when it was shared, or was written to while it was read.
  case fileChanged(String)
  /// A device, a pipe or a socket.
  case notAFile(String)
  /// The daemon of this state directory is at other trackers than the command names.
  case otherTrackers([TrackerAddress])
  /// Nobody who is online has it; those who have it deliver nothing; somebody called it off.
  case noSource, timedOut, calledOff
  /// A directory cannot be mounted, or unmounted because programs use it: both halves. No mount of ours is there.
  case cannotMount(String)
  case inUse(String)
  case notMounted(String)
  /// What is closed and not published, and what to do.
  case notPublished(String)
  /// What the system said, and about what.
  case disk(Int32, String)
  case foreignState(path: String, owner: UInt32)
  /// A file of ours that no longer reads as we wrote it, and what to do about it.
  case damaged(path: String, remedy: String)
  /// A file of ours cannot be used, and why: both halves.
  case unusable(String)
  case configuration(String)
  case authorityChanged(saved: [UInt8], seen: [UInt8])
  /// The tracker answered, but not in words that this version knows.
  case strangeAnswer
  /// Whoever read our answers has gone, as `head` does: tools end then and say nothing.
  case readerGone
}

extension Failure {
  var exitCode: Int32 {
    switch self {
    case .usage: ExitCode.usage
    case .malformed: ExitCode.malformed
    case .refused(let refusal): refusal.exitCode
    case .noTracker, .noDaemon, .daemonSilent, .daemonRuns, .cannotListen, .cannotShowMetrics, .strangeAnswer:
      ExitCode.unavailable
    case .destinationExists, .wouldReplace: ExitCode.exists
    case .noDownload, .notShared, .notMounted: ExitCode.noSuch
    case .downloadsElsewhere, .noSource, .timedOut, .calledOff, .inUse, .notPublished: ExitCode.notNow
    case .cannotMount, .disk, .fileChanged, .notAFile, .foreignState, .damaged, .unusable, .readerGone:
      ExitCode.disk
    case .configuration, .authorityChanged, .otherTrackers: ExitCode.configuration
    }
  }

  /// `what was wrong: what to do`. The command says which group, user and file are meant.
  func sentence(for command: Command?) -> String {
    switch self {
    case .usage(let text), .malformed(let text), .configuration(let text), .cannotMount(let text),
      .inUse(let text), .notPublished(let text), .cannotShowMetrics(let text), .unusable(let text):
      text
    case .notMounted(let place):
      "nothing of p2pfs is mounted at \(Quoted.text(place)): 'p2pfs status' says what is"
    case .refused(let refusal): refusal.sentence(for: command)
    case .noTracker(let tried, let reason): Self.noTrackerSentence(tried, reason)
    case .noDaemon:
      "no daemon is running for this state directory: start one with 'p2pfs mount DIR' or 'p2pfs serve'"
    case .daemonSilent(let process, let log): Self.silenceSentence(process, log)
    case .daemonRuns:
      "a daemon runs already for this state directory: stop it first, or choose another with --state DIR"
    case .cannotListen(let what): "\(what): choose another address with --listen IP:PORT"
    case .destinationExists(let path): "\(path) exists already: choose another destination, or remove it"
    case .wouldReplace(let path, let other):
      "\(path) would replace \(other), which was just shared: give one of them another name"
    case .noDownload(let path):
      "no download of \(command?.fileWords ?? path) is going on: 'p2pfs show_downloads' lists those that are"
    case .downloadsElsewhere(let place):
      "it is being downloaded to \(place) already: wait for that, or stop it with 'p2pfs stop_download'"
    case .notShared(let path):
      "you do not share \(command?.fileWords ?? path): only what you have uploaded, downloaded or read can be "
        + "stopped and started"
    case .fileChanged(let path):
      if case .startShare = command {
        "\(path) has changed since it was shared: upload it again with 'p2pfs upload_file'"
      } else {
        "\(path) has changed meanwhile: try again when no program writes to it"
      }
    case .notAFile(let path):
      "\(path) is no file and no directory: share a file, since devices, pipes and sockets have no content"
    case .otherTrackers(let own):
      "the daemon of this state directory is at other trackers (\(own.map(\.description).joined(separator: ", "))): "
        + "leave --tracker and $P2PFS_TRACKER away, or start the daemon with them"
    case .noSource:
      "nobody who is online has it: try again when its owner is there ('p2pfs peers' shows who is)"
    case .timedOut: "those who have it deliver nothing: try again later"
    case .calledOff: "it was stopped: give the command again to go on"
    case .disk(let number, let what): SystemWords.sentence(number, what)
    case .foreignState(let path, let owner):
      "the state directory \(Quoted.text(path)) belongs to user \(owner): choose your own with --state DIR"
    case .damaged(let path, let remedy): "\(Quoted.text(path)) is damaged: \(remedy)"
    case .authorityChanged(let saved, let seen): AuthorityChange.sentence(expected: saved, seen: seen)
    case .strangeAnswer:
      "the tracker's answer makes no sense here: use the same version of p2pfs as the tracker"
    case .readerGone: "nobody reads the answer any more: nothing is to be done"
    }
  }

  private static func noTrackerSentence(_ tried: [TrackerAddress], _ reason: String?) -> String {
    let places = tried.isEmpty ? "" : " at \(tried.map(\.description).joined(separator: ", "))"
    let why = reason.map { " (\($0))" } ?? ""
    return "no tracker answers\(places)\(why): check the network and tracker_info.txt, or start one with "
      + "'tracker tracker_info.txt 1'"
  }

  /// A process that is stopped hears of no gentler signal.
  private static func silenceSentence(_ process: Int32?, _ log: String?) -> String {
    "a daemon\(process.map { " (pid \($0))" } ?? "") runs for this state directory and does not answer: "
      + (log.map { "look at its log, \(Quoted.text($0)), and " } ?? "")
      + "end it\(process.map { " with 'kill -9 \($0)'" } ?? ""), then start it again"
  }
}

/// Those of sysexits.h that SPEC 3.1 uses.
enum ExitCode {
  static let usage: Int32 = 64
  static let malformed: Int32 = 65
  static let noSuch: Int32 = 66
  static let unavailable: Int32 = 69
  static let exists: Int32 = 73
  static let disk: Int32 = 74
  static let notNow: Int32 = 75
  static let notAllowed: Int32 = 77
  static let configuration: Int32 = 78
}

/// What to do when the system says no.
private enum SystemWords {
  static func sentence(_ number: Int32, _ what: String) -> String {
    "\(what): \(String(cString: strerror(number))): \(remedy(number))"
  }

  private static func remedy(_ number: Int32) -> String {
    switch number {
    case ENOENT: "check the path"
    case EACCES, EPERM: "check its permissions"
    case ENOTDIR: "a part of the path is a file, so name another"
    case EISDIR: "name a file"
    case ENOSPC, EDQUOT: "make room on that disk"
    case EROFS: "choose a place that can be written"
    case ELOOP: "a symbolic link is in its place, so remove it"
    case ENAMETOOLONG: "choose a shorter path"
    case EMFILE, ENFILE: "close other programs, or raise 'ulimit -n'"
    case EFBIG: "it is too large to be what it should be"
    default: "check the disk and the path"
    }
  }
}
