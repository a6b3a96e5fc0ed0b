// What was closed and is still to be published: written before `close` returns, removed when the tracker has
// decided. After a restart what is left is proposed again, under the same id, so that it counts once.

package import GroupModel

/// A proposal that waits for the tracker.
package struct PendingPublish: Hashable, Sendable {
  package let request: RequestID
  /// The group's number: its name alone might mean another group by the time a tracker answers.
  package let group: GroupID
  package let proposal: Proposal

  package init(_ proposal: Proposal, in group: GroupID, as request: RequestID) {
    self.request = request
    self.group = group
    self.proposal = proposal
  }
}

extension PendingPublish: DurableRow {
  var key: RequestID { request }

  func write(to writer: inout WireWriter) {
    writer.request(request)
    writer.u64(group.number)
    writer.proposal(proposal)
  }

  init(reading reader: inout WireReader) throws(Malformed) {
    request = try reader.request()
    group = GroupID(try reader.u64())
    proposal = try reader.proposal()
  }
}

/// ## Concurrency model
/// For any thread; each change outlives the program when it returns, and a power cut after `sync`.
package final class PublishJournal: Sendable {
  private static let rowsMax = 1 << 20
  private let table: DurableTable<PendingPublish>

  private static let name = "publish-journal"

  package init(in directory: LocalPath) throws(DiskTrouble) {
    table = try DurableTable(in: Folder(making: directory), name: Self.name, rowsMax: Self.rowsMax)
  }

  /// How many wait, for one who only looks: nothing is made and nothing is mended.
  package static func count(in directory: LocalPath) throws(DiskTrouble) -> Int {
    do throws(DiskTrouble) {
      return try DurableTable<PendingPublish>.count(in: Folder(at: directory), name: name)
    } catch .missing {
      return 0
    }
  }

  /// In the order they were appended: a later one may build on an earlier.
  package var pending: [PendingPublish] { table.rows }

  package func holds(_ request: RequestID) -> Bool { table[request] != nil }

  package subscript(request: RequestID) -> PendingPublish? { table[request] }

  /// Some may have been lost: the file had been changed. What is left of it is kept as `publish-journal.damaged`.
  package var wasDamaged: Bool { table.wasDamaged }

  package func append(_ publish: PendingPublish) throws(DiskTrouble) { try table.put(publish, .processCrash) }

  package func remove(_ request: RequestID) throws(DiskTrouble) {
    _ = try table.remove(request, .processCrash)
  }

  package func sync() throws(DiskTrouble) { try table.sync() }
}
