// Numbers that were given to something and stand for it after a restart too. Nothing is lost with them but that: they
// are not synced, and of too many the oldest go.

internal import GroupModel

package struct KeptNumber: Hashable, Sendable {
  package let key: UInt64
  package let number: UInt64

  package init(_ number: UInt64, for key: UInt64) {
    self.key = key
    self.number = number
  }
}

extension KeptNumber: DurableRow {
  func write(to writer: inout WireWriter) {
    writer.u64(key)
    writer.u64(number)
  }

  init(reading reader: inout WireReader) throws(Malformed) {
    key = try reader.u64()
    number = try reader.u64()
  }
}

/// ## Concurrency model
/// For any thread; each waits for the disk as long as a write into its cache takes.
package final class KeptNumbers: Sendable {
  private let table: DurableTable<KeptNumber>

  package init(in directory: LocalPath, countMax: Int = 1 << 17) throws(DiskTrouble) {
    table = try DurableTable(in: Folder(making: directory), name: "numbers", rowsMax: countMax)
  }

  package var all: [KeptNumber] { table.rows }

  package func keep(_ kept: KeptNumber) throws(DiskTrouble) {
    try table.putMakingRoom(kept, .processCrash)
  }
}
