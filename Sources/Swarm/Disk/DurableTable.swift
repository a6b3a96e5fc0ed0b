// A small table that outlives the program: rows in memory, and on disk a log of what was put and removed. Read
// at the start, and then written anew if much of it is no longer true.

internal import GroupModel
internal import Synchronization

protocol DurableRow: Sendable {
  associatedtype Key: Hashable & Sendable
  var key: Key { get }
  func write(to writer: inout WireWriter)
  init(reading reader: inout WireReader) throws(Malformed)
}

/// ## Concurrency model
/// For any thread. A change is written and synced under the lock, because the order on the disk must be the order
/// in memory; that takes as long as the disk takes, and only those wait who change the same table.
final class DurableTable<Row: DurableRow>: Sendable {
  private static var recordBytesMax: Int { 64 << 10 }
  private let folder: Folder
  private let name: String
  private let rowsMax: Int
  private let state: Mutex<DurableRows<Row>>
  /// Rows may be missing: the file was changed by somebody else, or by the disk. It is kept under another name.
  let wasDamaged: Bool

  init(in folder: Folder, name: String, rowsMax: Int) throws(DiskTrouble) {
    self.folder = folder
    self.name = name
    self.rowsMax = rowsMax
    var state = DurableRows<Row>()
    var damage = RecordLog.Damage()
    var badRecords = 0
    let log = try RecordLog(
      in: folder, name: name, recordBytesMax: Self.recordBytesMax, damage: &damage
    ) { record in
      if !state.apply(record, rowsMax: rowsMax) { badRecords += 1 }
    }
    state.log = log
    wasDamaged = damage.lostBytes > 0 || badRecords > 0
    if wasDamaged { try folder.keepCopy(of: name, as: name + ".damaged") }
    self.state = Mutex(state)
    if wasDamaged || state.recordCount > state.rows.count { try rewrite() }
  }

  /// How many rows there are, for one who only looks: another program may have the file open, so nothing is mended.
  static func count(in folder: Folder, name: String) throws(DiskTrouble) -> Int {
    var rows = DurableRows<Row>()
    try RecordLog.look(in: folder, name: name, recordBytesMax: recordBytesMax) {
      _ = rows.apply($0, rowsMax: .max)
    }
    return rows.rows.count
  }

  /// In the order in which they were first put.
  var rows: [Row] { rows { _ in true } }

  func rows(where isMeant: (Row) -> Bool) -> [Row] {
    let meant = state.withLock { state in state.rows.values.filter { isMeant($0.row) } }
    return meant.sorted { $0.order < $1.order }.map(\.row)
  }

  subscript(key: Row.Key) -> Row? { state.withLock { $0.rows[key]?.row } }

  /// On the disk when it returns, unless it need only outlive the program.
  func put(_ row: Row, _ durability: Folder.Durability = .powerCut) throws(DiskTrouble) {
    try change { (state) throws(DiskTrouble) in
      guard state.rows[row.key] != nil || state.rows.count < rowsMax else { throw .full }
      try state.append(row, isPut: true, durability)
      state.set(row)
    }
  }

  /// The row that there was.
  @discardableResult
  func remove(_ key: Row.Key, _ durability: Folder.Durability = .powerCut) throws(DiskTrouble) -> Row? {
    try change { (state) throws(DiskTrouble) -> Row? in
      guard let row = state.rows[key]?.row else { return nil }
      try state.append(row, isPut: false, durability)
      state.rows[key] = nil
      return row
    }
  }

  /// Of too many, the half that was put last stays.
  func putMakingRoom(_ row: Row, _ durability: Folder.Durability) throws(DiskTrouble) {
    let isFull = state.withLock { $0.rows[row.key] == nil && $0.rows.count >= rowsMax }
    if isFull { try keepLast(rowsMax / 2) }
    try put(row, durability)
  }

  private func keepLast(_ count: Int) throws(DiskTrouble) {
    let rows = rows.suffix(count)
    state.withLock { state in
      state.rows = [:]
      for row in rows { state.set(row) }
    }
    try rewrite()
  }

  /// What was put or removed without waiting for the disk.
  func sync() throws(DiskTrouble) {
    let result = state.withLock { state in
      Result { () throws(DiskTrouble) in try state.log?.syncData() }
    }
    try result.get()
  }

  private func change<Value: Sendable>(
    _ body: (inout DurableRows<Row>) throws(DiskTrouble) -> Value
  ) throws(DiskTrouble) -> Value {
    let result = state.withLock { state in
      Result { () throws(DiskTrouble) in try body(&state) }
    }
    if state.withLock({ $0.recordCount > 1000 + 4 * $0.rows.count }) { try? rewrite() }
    return try result.get()
  }

  private func rewrite() throws(DiskTrouble) {
    let result = state.withLock { state in
      Result { () throws(DiskTrouble) in
        let bytes = state.rows.values.sorted { $0.order < $1.order }
          .flatMap { RecordLog.record(DurableRows.body($0.row, isPut: true)) }
        try folder.replace(name, with: bytes, .powerCut)
        var damage = RecordLog.Damage()
        state.log = nil
        state.log = try RecordLog(
          in: folder, name: name, recordBytesMax: Self.recordBytesMax, damage: &damage
        ) { _ in }
        state.recordCount = state.rows.count
      }
    }
    try result.get()
  }
}

private struct DurableRows<Row: DurableRow>: Sendable {
  var rows: [Row.Key: (order: Int, row: Row)] = [:]
  private var nextOrder = 0
  /// nil after the file could not be written anew.
  var log: RecordLog?
  /// In the file, true or no longer.
  var recordCount = 0

  mutating func apply(_ record: RawSpan, rowsMax: Int) -> Bool {
    recordCount += 1
    do throws(Malformed) {
      var reader = WireReader(record)
      let isPut = try reader.flag()
      let row = try Row(reading: &reader)
      try reader.end()
      if !isPut {
        rows[row.key] = nil
      } else if rows[row.key] != nil || rows.count < rowsMax {
        set(row)
      }
      return true
    } catch {
      return false
    }
  }

  mutating func set(_ row: Row) {
    rows[row.key] = (rows[row.key]?.order ?? nextOrder, row)
    nextOrder += 1
  }

  mutating func append(
    _ row: Row, isPut: Bool, _ durability: Folder.Durability
  ) throws(DiskTrouble) {
    guard let log else { throw .damaged }
    try log.append(Self.body(row, isPut: isPut), durability)
    recordCount += 1
  }

  static func body(_ row: Row, isPut: Bool) -> [UInt8] {
    var writer = WireWriter()
    writer.flag(isPut)
    row.write(to: &writer)
    return writer.bytes
  }
}

extension Folder {
  fileprivate func keepCopy(of name: String, as copyName: String) throws(DiskTrouble) {
    guard let bytes = try contents(of: name, bytesMax: 64 << 20) else { return }
    try replace(copyName, with: bytes, .processCrash)
  }
}
