// Which authority was seen at which tracker, as ssh remembers hosts: kept across logout, so that a tracker that
// suddenly has another authority is refused. Trackers never seen are another network, trusted at first sight.

import GroupModel

struct KnownNetworks: Hashable, Sendable {
  /// More than anybody uses; the longest unused are forgotten first.
  static let placesMax = 1000
  static let fileName = "known_networks"
  static let bytesMax = 1 << 20

  private(set) var places: [Place] = []

  struct Place: Hashable, Sendable {
    /// `HOST:PORT`.
    let tracker: String
    let authority: [UInt8]
  }

  /// What these trackers' authority has to be; nil at first sight.
  func authority(of info: TrackerInfo) throws(Failure) -> [UInt8]? {
    let trackers = Set(info.trackers.map(\.description))
    let seen = places.filter { trackers.contains($0.tracker) }
    if let one = seen.first, let other = seen.first(where: { $0.authority != one.authority }) {
      throw .configuration(
        "\(Quoted.text(one.tracker)) and \(Quoted.text(other.tracker)) are of different networks: "
          + "list the trackers of one network only")
    }
    return seen.first?.authority
  }

  mutating func remember(_ authority: [UInt8], of info: TrackerInfo) {
    let seen = info.trackers.map { Place(tracker: $0.description, authority: authority) }
    let trackers = Set(seen.map(\.tracker))
    places.removeAll { trackers.contains($0.tracker) }
    places = Array((places + seen).suffix(Self.placesMax))
  }
}

extension KnownNetworks {
  /// Empty where nothing was remembered yet.
  static func load(from directory: StateDirectory) throws(Failure) -> KnownNetworks {
    guard let bytes = try directory.read(fileName, bytesMax: bytesMax) else { return KnownNetworks() }
    do {
      return try KnownNetworks(reading: bytes)
    } catch {
      throw directory.damaged(
        fileName, "remove it; the next login trusts the authority that it sees, and shows it")
    }
  }

  func save(in directory: StateDirectory, holding lock: borrowing StateLock) throws(Failure) {
    try directory.write(Self.fileName, bytes, holding: lock)
  }

  private var bytes: [UInt8] {
    var text = StateText(kind: "known networks")
    text.line("places", String(places.count))
    for place in places { text.line(place.tracker, Fingerprint.text(place.authority)) }
    text.end()
    return text.bytes
  }

  init(reading bytes: [UInt8]) throws(StateTextReader.Damaged) {
    var text = try StateTextReader(bytes, kind: "known networks")
    guard let count = Int(try text.value(of: "places")), (0...Self.placesMax).contains(count) else {
      throw StateTextReader.Damaged()
    }
    for _ in 0..<count {
      let (tracker, value) = try text.keyAndValue()
      guard let authority = Fingerprint(prefixed: value)?.bytes else { throw StateTextReader.Damaged() }
      places.append(Place(tracker: tracker, authority: authority))
    }
    try text.end()
  }
}
