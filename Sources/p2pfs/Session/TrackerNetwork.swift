// The commands' view of the network, put on the rooms below: lines to the trackers, keys and certificates.

import GroupModel
import Link
import Swarm
import Synchronization

/// ## Concurrency model
/// Used by one command at a time. It keeps the lines that it made, so that they can be ended before the process
/// is: OpenSSL takes itself apart at exit and must not be in use then.
final class TrackerNetwork: Network, Sendable {
  private let lines = Mutex<[TrackerLine]>([])

  func connect(to trackers: TrackerInfo, trusting pin: [UInt8]?) throws(Failure) -> any TrackerAsking {
    try connect(to: trackers, as: nil, trusting: pin)
  }

  func connect(to trackers: TrackerInfo, as login: SavedLogin) throws(Failure) -> any TrackerAsking {
    let credential = try credential(of: login)
    guard credential.certificate.notAfter > secondsSince1970() else { throw .refused(.loginEnded) }
    return try connect(to: trackers, as: credential, trusting: login.authority)
  }

  func credential(of login: SavedLogin) throws(Failure) -> Credential {
    do throws(SealError) {
      return Credential(
        key: try KeyPair(pem: login.keyPEM), certificate: try Certificate(pem: login.certificatePEM))
    } catch {
      throw .damaged(path: SavedLogin.fileName, remedy: "log in again with 'p2pfs login \(login.user)'")
    }
  }

  private func connect(
    to trackers: TrackerInfo, as credential: Credential?, trusting pin: [UInt8]?
  ) throws(Failure) -> any TrackerAsking {
    let line = line(to: trackers.trackers, as: credential, trusting: pin)
    return try TrackerSession(reaching: line, trackers, expecting: pin)
  }

  func line(
    to trackers: [TrackerAddress], as credential: Credential?, trusting pin: [UInt8]?
  ) -> TrackerLine {
    let expected = pin.flatMap { Fingerprint(bytes: $0) }
    let line = TrackerLine(
      to: trackers, as: credential, trusting: expected.map(Pin.fingerprint) ?? .nothingYet)
    lines.withLock { $0.append(line) }
    return line
  }

  func close() {
    let mine = lines.withLock { lines in
      defer { lines = [] }
      return lines
    }
    for line in mine { line.close() }
  }
}

// Keys and certificates.
extension TrackerNetwork {
  func makeKeyPEM() throws(Failure) -> [UInt8] {
    try sealed { () throws(SealError) in try KeyPair.generate().pem() }
  }

  func certificateRequest(signedBy keyPEM: [UInt8]) throws(Failure) -> [UInt8] {
    try sealed { () throws(SealError) in try CertificateRequest(signedBy: KeyPair(pem: keyPEM)).der }
  }

  func certificatePEM(ofDER certificate: [UInt8]) throws(Failure) -> [UInt8] {
    do throws(SealError) {
      return try Certificate(der: certificate).pem()
    } catch {
      throw .strangeAnswer
    }
  }

  func end(of certificatePEM: [UInt8]) -> Int64? { (try? Certificate(pem: certificatePEM))?.notAfter }

  func isHalfSpent(_ certificatePEM: [UInt8]) -> Bool {
    guard let certificate = try? Certificate(pem: certificatePEM) else { return false }
    return secondsSince1970() > (certificate.notBefore + certificate.notAfter) / 2
  }

  private func sealed(_ make: () throws(SealError) -> [UInt8]) throws(Failure) -> [UInt8] {
    do throws(SealError) {
      return try make()
    } catch {
      throw .damaged(path: "the private key", remedy: "log in again with 'p2pfs login USER'")
    }
  }
}

/// One line, with the trackers' troubles told as a command tells them.
struct TrackerSession: TrackerAsking {
  /// A storm of logins may keep one waiting while passwords are hashed.
  private static let passwordMilliseconds = 60_000

  let authority: Authority
  private let line: TrackerLine
  private let trackers: [TrackerAddress]
  private let expected: [UInt8]?

  init(reaching line: TrackerLine, _ info: TrackerInfo, expecting expected: [UInt8]?) throws(Failure) {
    self.line = line
    self.expected = expected
    trackers = info.trackers
    do throws(TrackerTrouble) {
      let certificate = try line.reach()
      authority = Authority(
        fingerprint: certificate.fingerprint.bytes, certificatePEM: (try? certificate.pem()) ?? [])
    } catch {
      throw Self.failure(error, trackers, expected)
    }
  }

  func ask(_ request: TrackerRequest) throws(Failure) -> TrackerAnswer {
    do throws(TrackerTrouble) {
      return try line.ask(request, within: Self.milliseconds(for: request))
    } catch {
      throw Self.failure(error, trackers, expected)
    }
  }

  private static func milliseconds(for request: TrackerRequest) -> Int? {
    switch request {
    case .createUser, .login, .changePassword: passwordMilliseconds
    default: nil
    }
  }

  private static func failure(
    _ trouble: TrackerTrouble, _ trackers: [TrackerAddress], _ expected: [UInt8]?
  ) -> Failure {
    switch trouble {
    case .noTracker(let end): .noTracker(trackers, because: trackers.count == 1 ? end?.description : nil)
    case .otherAuthority(let seen): .authorityChanged(saved: expected ?? [], seen: seen.bytes)
    case .loginEnded: .refused(.loginEnded)
    case .malformed: .strangeAnswer
    }
  }
}
