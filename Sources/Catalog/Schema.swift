// How a database file comes to the tables that a program expects, from whatever earlier version it has.

/// The steps that lead from an empty file to today's, in the order in which they were invented. A step that
/// was ever released is never changed; the file's `user_version` counts those that it has taken.
package struct Schema: Sendable {
  package let steps: [String]

  package init(_ steps: [String]) { self.steps = steps }
}

extension Database {
  /// Takes all missing steps, or none. A reader takes none; it only makes sure that there are none to take. A file that
  /// may not be new has lost what it held when it has taken no step at all.
  package func migrate(to schema: Schema, mayBeNew: Bool = true) throws(DatabaseError) {
    let version = try version()
    guard version > 0 || mayBeNew else { throw .damaged("it holds nothing") }
    guard version <= schema.steps.count else { throw .tooNew(version) }
    guard version < schema.steps.count else { return }
    guard role != .reader else { throw .tooOld(version) }
    try transaction { () throws(DatabaseError) in
      for step in schema.steps[version...] { try execute(step) }
      try execute("PRAGMA user_version = \(schema.steps.count)")
    }
  }

  private func version() throws(DatabaseError) -> Int {
    var cursor = try query("PRAGMA user_version")
    guard try cursor.next() else { throw .damaged("no version of a schema") }
    let version = Int(cursor.int(0))
    guard version >= 0 else { throw .damaged("a schema of version \(version)") }
    return version
  }
}
