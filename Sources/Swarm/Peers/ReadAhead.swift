// What to fetch before somebody asks for it: a pure value for each open file, fed with its reads. Who reads in a row
// gets a window ahead that grows with him; who jumps about gets just the blocks he touches.

package import GroupModel
package import Link

package struct ReadAhead: Sendable {
  /// What a read makes worth fetching, beside what it needs itself.
  package struct Plan: Equatable, Sendable {
    /// Names the row of reads that these are for.
    package let row: Int
    /// Will be read in a moment, then later.
    package var next: BlockRange?
    package var ahead: BlockRange?
    /// A row that has ended: what was fetched for it and is still on its way is for nobody.
    package var ended: Int?
  }

  /// A player reads the head of a file and its tail in turns.
  private static let rowsMax = 2
  fileprivate static let windowMin = 1 << 20
  private static let windowMax = 64 << 20
  /// The kernel's own reads of one row come out of order by about this much.
  private static let disorderBytes = 1 << 20
  /// The second read of a row, if it is a small one, begins where the first ended, or nearly: of random reads in a file
  /// of some hundred megabytes, several in a hundred would otherwise fall near one of the last, and each bring a window
  /// for nobody. The kernel asks for more at once only if it sees a row itself.
  private static let adjoiningBytes = 32 << 10
  private static let smallBytes = 64 << 10
  fileprivate static let nextSeconds = 2.0
  fileprivate static let aheadSeconds = 10.0

  private let layout: ContentLayout
  private var rows: [Row] = []
  private var lastRow = 0
  private var windowMax = Self.windowMax

  fileprivate struct Row {
    let number: Int
    var start: Int
    /// How far it was read, without a gap worth mentioning.
    var position: Int
    var window = 0
    var readCount = 1
    /// To where blocks were asked for, of each kind.
    var nextEnd = 0
    var aheadEnd = 0
    var bytesPerSecond = 0.0
    var lastRead: Instant
    var measuredFrom: Int
    var measuredSince: Instant
  }

  package init(_ layout: ContentLayout) { self.layout = layout }

  /// There is little room: windows are halved, and grow no more until `room` says so.
  package mutating func shrink() {
    windowMax = max(Self.windowMin, windowMax / 2)
    for index in rows.indices { rows[index].window = min(rows[index].window, windowMax) }
  }

  package mutating func room() { windowMax = Self.windowMax }

  /// Reads come in whole pages, and the last one goes beyond the end.
  package mutating func read(_ bytes: Range<Int>, now: Instant) -> Plan {
    let bytes = bytes.clamped(to: 0..<layout.fileBytes)
    if let index = rows.firstIndex(where: { Self.goesOn($0, bytes) }) {
      rows[index].goOn(bytes, windowMax: windowMax, now: now)
      return rows[index].plan(layout)
    }
    return begin(bytes, now: now)
  }

  private static func goesOn(_ row: Row, _ bytes: Range<Int>) -> Bool {
    let isRow = row.window > 0 || bytes.count > smallBytes
    let behind = isRow ? disorderBytes : adjoiningBytes
    let before = isRow ? max(row.window, disorderBytes) : adjoiningBytes
    return bytes.lowerBound >= row.position - behind && bytes.lowerBound >= row.start
      && bytes.lowerBound <= row.position + before
  }

  private mutating func begin(_ bytes: Range<Int>, now: Instant) -> Plan {
    var ended: Int?
    if rows.count == Self.rowsMax,
      let oldest = rows.indices.min(by: { rows[$0].lastRead < rows[$1].lastRead })
    {
      ended = rows.remove(at: oldest).number
    }
    lastRow += 1
    rows.append(
      Row(
        number: lastRow, start: bytes.lowerBound, position: bytes.upperBound, lastRead: now,
        measuredFrom: bytes.upperBound, measuredSince: now))
    return Plan(row: lastRow, ended: ended)
  }
}

extension ReadAhead.Row {
  fileprivate mutating func goOn(_ bytes: Range<Int>, windowMax: Int, now: Instant) {
    readCount += 1
    position = max(position, bytes.upperBound)
    lastRead = now
    measure(now)
    // Not before the second read in a row: a program that looks at the head of each file wants no more of it.
    let grown = window == 0 ? ReadAhead.windowMin : window
    window = min(windowMax, position > aheadEnd - window / 2 ? max(grown, 2 * window) : grown)
    if bytesPerSecond > 0 {
      window = max(ReadAhead.windowMin, min(window, Int(bytesPerSecond * ReadAhead.aheadSeconds)))
    }
  }

  private mutating func measure(_ now: Instant) {
    let seconds = PeerPace.seconds(from: measuredSince, to: now)
    guard seconds >= 0.25 else { return }
    let measured = Double(position - measuredFrom) / seconds
    bytesPerSecond = bytesPerSecond == 0 ? measured : (bytesPerSecond + measured) / 2
    measuredFrom = position
    measuredSince = now
  }

  /// Half a window at a time: one call for many reads.
  fileprivate mutating func plan(_ layout: ContentLayout) -> ReadAhead.Plan {
    var plan = ReadAhead.Plan(row: number)
    let near = max(min(window, Int(bytesPerSecond * ReadAhead.nextSeconds)), min(window, ReadAhead.windowMin))
    let end = min(layout.fileBytes, position + window)
    if nextEnd < min(layout.fileBytes, position + near / 2) {
      let start = max(nextEnd, position)
      nextEnd = min(layout.fileBytes, position + near)
      plan.next = layout.blocks(touching: start..<nextEnd)
    }
    if aheadEnd < min(layout.fileBytes, position + window / 2), end > nextEnd {
      plan.ahead = layout.blocks(touching: max(aheadEnd, nextEnd)..<end)
      aheadEnd = end
    }
    aheadEnd = max(aheadEnd, nextEnd)
    return plan
  }
}
