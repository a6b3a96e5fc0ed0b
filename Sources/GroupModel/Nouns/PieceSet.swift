// Which pieces of a content somebody holds, as sorted runs: a whole file is one run however large it is, and
// one set has one form, so that equal sets are equal values and equal bytes on the wire.

package struct PieceSet: Hashable, Sendable {
  /// Ascending, none empty, and a gap between any two.
  package private(set) var ranges: [Range<UInt32>] = []

  package init() {}

  package init(allOf layout: ContentLayout) {
    ranges = [0..<UInt32(layout.pieceCount)]
  }

  /// Takes a stranger's list only in the one right form; `rangesMax` bounds what he makes us keep.
  package init?(ranges: [Range<UInt32>], pieceCount: Int, rangesMax: Int) {
    guard ranges.count <= rangesMax else { return nil }
    var free = UInt64(0)
    for range in ranges {
      guard !range.isEmpty, range.lowerBound >= free, range.upperBound <= pieceCount else { return nil }
      free = UInt64(range.upperBound) + 1
    }
    self.ranges = ranges
  }

  package var isEmpty: Bool { ranges.isEmpty }

  /// How many pieces, not how many runs.
  package var count: Int { ranges.reduce(0) { $0 + $1.count } }

  package func contains(_ piece: UInt32) -> Bool {
    let index = firstRange { $0.upperBound > piece }
    return index < ranges.count && ranges[index].contains(piece)
  }

  package mutating func insert(_ piece: UInt32) {
    precondition(piece < UInt32.max, "a piece that no content has")
    insert(piece..<piece + 1)
  }

  package mutating func insert(_ range: Range<UInt32>) {
    guard !range.isEmpty else { return }
    let touched =
      firstRange { $0.upperBound >= range.lowerBound }..<firstRange { $0.lowerBound > range.upperBound }
    var whole = range
    if let first = ranges[touched].first, let last = ranges[touched].last {
      whole = min(first.lowerBound, range.lowerBound)..<max(last.upperBound, range.upperBound)
    }
    ranges.replaceSubrange(touched, with: CollectionOfOne(whole))
  }

  /// Pieces that were evicted.
  package mutating func remove(_ range: Range<UInt32>) {
    guard !range.isEmpty else { return }
    let touched =
      firstRange { $0.upperBound > range.lowerBound }..<firstRange { $0.lowerBound >= range.upperBound }
    guard let first = ranges[touched].first, let last = ranges[touched].last else { return }
    var left: [Range<UInt32>] = []
    if first.lowerBound < range.lowerBound { left.append(first.lowerBound..<range.lowerBound) }
    if last.upperBound > range.upperBound { left.append(range.upperBound..<last.upperBound) }
    ranges.replaceSubrange(touched, with: left)
  }

  /// The runs are sorted, so that where a condition begins to hold is found by halving.
  private func firstRange(where holds: (Range<UInt32>) -> Bool) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if holds(ranges[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension PieceSet {
  package func union(_ other: PieceSet) -> PieceSet {
    var union = PieceSet()
    union.ranges.reserveCapacity(max(ranges.count, other.ranges.count))
    var mine = ranges[...]
    var others = other.ranges[...]
    while let next = Self.popLower(&mine, &others) { union.append(next) }
    return union
  }

  package mutating func formUnion(_ other: PieceSet) { self = union(other) }

  /// The longest runs, for an announcement with room for so many: what is left out is only not said, and
  /// nothing is said that is not held.
  package func longest(rangesMax: Int) -> PieceSet {
    guard ranges.count > rangesMax else { return self }
    var longest = PieceSet()
    longest.ranges = ranges.sorted { $0.count > $1.count }.prefix(rangesMax).sorted {
      $0.lowerBound < $1.lowerBound
    }
    return longest
  }

  private static func popLower(
    _ left: inout ArraySlice<Range<UInt32>>, _ right: inout ArraySlice<Range<UInt32>>
  ) -> Range<UInt32>? {
    guard let first = left.first else { return right.popFirst() }
    guard let second = right.first else { return left.popFirst() }
    return first.lowerBound <= second.lowerBound ? left.popFirst() : right.popFirst()
  }

  /// A run that begins at or after the last one's begin.
  private mutating func append(_ range: Range<UInt32>) {
    guard let last = ranges.last, last.upperBound >= range.lowerBound else { return ranges.append(range) }
    ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
  }
}
