// tracker_info.txt (SPEC 2): the trackers of a network in their order, and the authority that vouches for them.
// Text in, values out; who opened the file, and where, is not known here.

package struct TrackerInfo: Hashable, Sendable {
  package static let bytesMax = 64 << 10
  package static let lineBytesMax = 1024
  /// What to tell somebody whose file was refused.
  package static let form =
    "a line is HOST:PORT or [IPv6]:PORT, then sha256: and the authority's fingerprint if you know it"

  /// At least one, no two alike.
  package let trackers: [TrackerAddress]

  /// The SHA-256 of the authority's certificate, where the file says it; on however many lines, it is one.
  package var authority: [UInt8]? { trackers.lazy.compactMap(\.authority).first }

  package init(parsing text: some Collection<UInt8>) throws(TrackerInfoError) {
    guard text.count <= Self.bytesMax else { throw TrackerInfoError(.fileTooLarge) }
    var found = TrackersFound()
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      do throws(TrackerInfoMistake) {
        guard let tracker = try TrackerLineText.tracker(in: line, isFirst: index == 0) else { continue }
        try found.add(tracker)
      } catch {
        throw TrackerInfoError(error, line: index + 1)
      }
    }
    guard !found.trackers.isEmpty else { throw TrackerInfoError(.noTracker) }
    trackers = found.trackers
  }
}

private struct TrackersFound {
  private(set) var trackers: [TrackerAddress] = []
  private var places: Set<String> = []
  private var authority: [UInt8]?

  mutating func add(_ tracker: TrackerAddress) throws(TrackerInfoMistake) {
    guard places.insert(tracker.description).inserted else { throw .listedTwice(tracker.description) }
    if let mine = tracker.authority {
      guard mine == authority ?? mine else { throw .twoAuthorities }
      authority = mine
    }
    trackers.append(tracker)
  }
}

/// What is wrong with a tracker_info.txt, and where.
package struct TrackerInfoError: Error, Hashable, Sendable {
  package let mistake: TrackerInfoMistake
  /// Counted from 1; nil where the file as a whole is meant.
  package let line: Int?

  init(_ mistake: TrackerInfoMistake, line: Int? = nil) {
    self.mistake = mistake
    self.line = line
  }

  /// What is wrong; `TrackerInfo.form` says how it should be.
  package var sentence: String { line.map { "line \($0): \(mistake.sentence)" } ?? mistake.sentence }
}

package enum TrackerInfoMistake: Error, Hashable, Sendable {
  case address(AddressError)
  case badFingerprint
  case extraWords
  case listedTwice(String)
  case twoAuthorities
  case notUTF8, controlBytes, lineTooLong
  case fileTooLarge, noTracker

  package var sentence: String {
    switch self {
    case .address(let error): error.sentence
    case .badFingerprint: "the authority's fingerprint is not sha256: and 64 hexadecimal digits"
    case .extraWords: "there is more than an address and a fingerprint"
    case .listedTwice(let address): "\(address) is listed twice"
    case .twoAuthorities: "it names another authority than a line before it"
    case .notUTF8: "it is not UTF-8 text"
    case .controlBytes: "it holds control characters"
    case .lineTooLong: "it is longer than \(TrackerInfo.lineBytesMax) bytes"
    case .fileTooLarge: "the file is larger than \(TrackerInfo.bytesMax >> 10) KiB"
    case .noTracker: "no line names a tracker"
    }
  }
}

/// One line of the file.
private enum TrackerLineText {
  /// nil where there is nothing but space or a remark.
  static func tracker(in line: some Collection<UInt8>, isFirst: Bool) throws(TrackerInfoMistake)
    -> TrackerAddress?
  {
    let words = try words(in: line, isFirst: isFirst)
    guard let first = words.first else { return nil }
    // What is wrong with the address is told first: of `host: 9002` the port is missing, and `9002` is not meant as
    // a fingerprint.
    let address: TrackerAddress
    do throws(AddressError) { address = try TrackerAddress(first) } catch { throw .address(error) }
    guard words.count <= 2 else { throw .extraWords }
    return words.count == 2 ? address.vouched(for: try fingerprint(words[1])) : address
  }

  /// Editors on Windows end lines with CR LF and may begin a file with a byte-order mark: both are let pass.
  private static func words(in line: some Collection<UInt8>, isFirst: Bool) throws(TrackerInfoMistake)
    -> [String]
  {
    var line = Array(line)[...]
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    if isFirst, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    guard line.count <= TrackerInfo.lineBytesMax else { throw .lineTooLong }
    guard String(validating: line, as: UTF8.self) != nil else { throw .notUTF8 }
    guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") }) else {
      throw .controlBytes
    }
    return line.prefix { $0 != UInt8(ascii: "#") }
      .split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private static func fingerprint(_ word: String) throws(TrackerInfoMistake) -> [UInt8] {
    guard let bytes = Fingerprint(prefixed: word)?.bytes else { throw .badFingerprint }
    return bytes
  }
}
