// How our nouns become the parameters of a statement.

internal import CSQLite
package import GroupModel

/// What can be the value of a statement's parameter. SQLite copies bytes when they are bound (some 40 ns):
/// the statement then owes nothing to whoever bound them.
package protocol Bindable {
  func bind(to sqliteStatement: OpaquePointer, at index: Int32)
}

extension Int64: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    sqlite3_bind_int64(sqliteStatement, index, self)
  }
}

extension Int: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    Int64(self).bind(to: sqliteStatement, at: index)
  }
}

/// SQLite's integers have a sign. Ours come nowhere near the half where that shows, unless somebody lies to
/// us, and then nothing must trap.
extension UInt64: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    Int64(bitPattern: self).bind(to: sqliteStatement, at: index)
  }
}

extension Bool: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    Int64(self ? 1 : 0).bind(to: sqliteStatement, at: index)
  }
}

extension String: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    var text = self
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        // Of an empty string the address may be nil, which SQLite takes for NULL.
        guard let start = characters.baseAddress else {
          p2pfs_sqlite_bind_text(sqliteStatement, index, "", 0)
          return
        }
        p2pfs_sqlite_bind_text(sqliteStatement, index, start, Int32(characters.count))
      }
    }
  }
}

extension [UInt8]: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    withUnsafeBytes { $0.bind(to: sqliteStatement, at: index) }
  }
}

extension UnsafeRawBufferPointer: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    if isEmpty {
      sqlite3_bind_zeroblob(sqliteStatement, index, 0)
    } else {
      p2pfs_sqlite_bind_blob(sqliteStatement, index, baseAddress, Int32(count))
    }
  }
}

extension Optional: Bindable where Wrapped: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    if let self {
      self.bind(to: sqliteStatement, at: index)
    } else {
      sqlite3_bind_null(sqliteStatement, index)
    }
  }
}

extension UserName: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    description.bind(to: sqliteStatement, at: index)
  }
}

extension GroupName: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    description.bind(to: sqliteStatement, at: index)
  }
}

extension GroupID: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    number.bind(to: sqliteStatement, at: index)
  }
}

extension FilePath: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    bytes.bind(to: sqliteStatement, at: index)
  }
}

extension Standing: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    Int64(rawValue).bind(to: sqliteStatement, at: index)
  }
}

extension ContentRoot: Bindable {
  package func bind(to sqliteStatement: OpaquePointer, at index: Int32) {
    digest.withBytes { $0.bind(to: sqliteStatement, at: index) }
  }
}
