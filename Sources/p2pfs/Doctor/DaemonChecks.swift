// Whether a daemon runs for this state directory, and how it is.

import Glibc
import GroupModel

enum DaemonLook: Sendable {
  case none
  case answers(Status)
  /// It has the lock, and does not take commands.
  case trouble(String)

  var isNone: Bool { if case .none = self { true } else { false } }

  var report: DaemonReport? { if case .answers(let status) = self { status.daemon } else { nil } }

  static func look(at state: String) -> DaemonLook {
    guard Daemon.runs(in: state) else { return .none }
    do throws(Failure) {
      return .answers(try DaemonCall.report(in: state))
    } catch {
      return .trouble(error.sentence(for: nil))
    }
  }
}

enum DaemonChecks {
  /// `look` is nil where it did not answer.
  static func finding(_ look: DaemonLook?, state: String) -> Finding {
    switch look {
    case DaemonLook.none?:
      return .info("daemon", "none runs here\(log(state))", "'p2pfs mount DIR' or 'p2pfs serve' starts one")
    case .answers(let status)?: return judge(status, state)
    case .trouble(let why)?:
      return .problem("daemon", "one runs here and takes no commands: \(why)", "end it, and start it again")
    case nil:
      return .problem(
        "daemon", "one runs here and does not answer\(log(state))",
        "look at its log; end it, and start it again")
    }
  }

  private static func judge(_ status: Status, _ state: String) -> Finding {
    guard let daemon = status.daemon else {
      return .info("daemon", "it runs, and nobody is logged in\(log(state))")
    }
    let place = daemon.mounted.map { "mounted at \(Quoted.text($0)), " } ?? ""
    let text = "it runs, \(place)listening on \(daemon.listening)\(log(state))"
    guard daemon.tracker != nil else {
      return .warning(
        "daemon", "it runs, and no tracker answers it\(log(state))", "what is published waits until one does")
    }
    return .ok("daemon", text)
  }

  private static func log(_ state: String) -> String {
    let path = "\(state)/\(MountProgram.logName)"
    return access(path, F_OK) == 0 ? ", log in \(path)" : ""
  }
}
