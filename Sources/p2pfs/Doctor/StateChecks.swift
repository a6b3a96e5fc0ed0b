// The person's side: the state directory, the saved login with its private key, the list of trackers. Looked at as they
// are: nothing is put right here.

import Glibc
import GroupModel

/// What is known of who is logged in here, for the checks that follow.
struct PersonFacts: Sendable {
  var login: SavedLogin?
  var trackers: TrackerInfo?
}

struct StateChecks {
  let options: Options
  let state: String

  func findings() -> (findings: [Finding], person: PersonFacts) {
    var person = PersonFacts()
    var findings = [directory()]
    var login: Finding?
    (login, person.login) = self.login()
    findings += [login].compactMap { $0 }
    if let login = person.login { findings.append(certificate(of: login)) }
    let (trackers, info) = self.trackers(of: person.login)
    person.trackers = info
    return (findings + trackers, person)
  }

  private var quoted: String { Quoted.text(state) }

  private func directory() -> Finding {
    var status = stat()
    guard stat(state, &status) == 0 else {
      guard errno == ENOENT else { return .problem("state", .disk(errno, "looking at \(quoted)")) }
      return .info("state", "\(quoted) is not there yet: the first login makes it")
    }
    return Self.judge(quoted, status, isWritable: access(state, W_OK | X_OK) == 0, user: geteuid())
  }

  static func judge(_ name: String, _ status: stat, isWritable: Bool, user: uid_t) -> Finding {
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return .problem("state", "\(name) is no directory", "choose another with --state DIR")
    }
    guard status.st_uid == user else {
      return .problem(
        "state", "\(name) belongs to user \(status.st_uid)", "choose your own with --state DIR")
    }
    guard isWritable else {
      return .problem("state", "\(name) cannot be written", "chmod 700 \(name), or look at its disk")
    }
    guard status.st_mode & 0o077 == 0 else {
      let mode = String(status.st_mode & 0o777, radix: 8)
      return .warning("state", "\(name) is open to others (mode \(mode))", "chmod 700 \(name)")
    }
    return .ok("state", "\(name) is yours alone")
  }
}

// The login.
extension StateChecks {
  private static let fileBytesMax = 1 << 20

  private func login() -> (Finding?, SavedLogin?) {
    let path = "\(state)/\(SavedLogin.fileName)"
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT || errno == ENOTDIR else {
        return (.problem("login", .disk(errno, "looking at \(Quoted.text(path))")), nil)
      }
      return (.info("login", "nobody is logged in here", "'p2pfs login USER' does that"), nil)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      return (.problem("login", "\(Quoted.text(path)) is no plain file", "remove it, and log in again"), nil)
    }
    do throws(Failure) {
      let login = try SavedLogin(reading: SmallFile.bytes(at: path, max: Self.fileBytesMax), at: path)
      return (Self.judgeKey(Quoted.text(path), status), login)
    } catch {
      return (.problem("login", error), nil)
    }
  }

  /// The private key is in that file.
  static func judgeKey(_ name: String, _ status: stat) -> Finding? {
    guard status.st_mode & 0o077 != 0 else { return nil }
    let mode = String(status.st_mode & 0o777, radix: 8)
    return .problem(
      "key", "\(name), with your private key in it, is open to others (mode \(mode))",
      "chmod 600 \(name), then log out and in again: the key may be known")
  }

  private func certificate(of login: SavedLogin) -> Finding {
    guard let certificate = try? Certificate(pem: login.certificatePEM),
      (try? KeyPair(pem: login.keyPEM)) != nil
    else {
      return .problem(
        "login", "its key or certificate is damaged", "log in again with 'p2pfs login \(login.user)'")
    }
    return Self.judge(login.user, from: certificate.notBefore, until: certificate.notAfter, now: UTC.now)
  }

  static func judge(_ user: UserName, from: Int64, until: Int64, now: Int64) -> Finding {
    if now < from {
      return .problem(
        "login", "\(user)'s certificate begins at \(UTC.text(from)), and here it is \(UTC.text(now))",
        "set this machine's clock, for example with 'timedatectl set-ntp true'")
    }
    if now >= until {
      return .problem(
        "login", "\(user)'s login expired \(UTC.text(until))", "log in again with 'p2pfs login \(user)'")
    }
    return .ok("login", "\(user), valid until \(UTC.text(until)), and renewed by use")
  }
}

// The list of trackers.
extension StateChecks {
  private func trackers(of login: SavedLogin?) -> ([Finding], TrackerInfo?) {
    do throws(Failure) {
      let info = try TrackerFile.find(named: options.tracker, saved: login?.trackerText).info
      return ([judge(info, login)], info)
    } catch {
      return ([.problem("trackers", error)], nil)
    }
  }

  private func judge(_ info: TrackerInfo, _ login: SavedLogin?) -> Finding {
    let place =
      options.tracker.map { "from \(Quoted.text($0))" }
      ?? (login == nil ? "from the tracker_info.txt here" : "as saved at login")
    let count = "\(info.trackers.count) tracker\(info.trackers.count == 1 ? "" : "s") \(place)"
    guard info.authority != nil else {
      guard login == nil else {
        return .ok("trackers", "\(count), and the authority is known from the login")
      }
      return .info("trackers", "\(count), without a fingerprint: the authority that is seen first is trusted")
    }
    do throws(Failure) {
      if let login { try info.mustBeNetwork(of: login) }
      return .ok("trackers", "\(count), with the authority's fingerprint")
    } catch {
      return .problem("trackers", error)
    }
  }
}
