// The file below: what is committed and what is not, and what each kind of trouble is called.

import Catalog
import Glibc
import GroupModel
import Testing

@Suite struct `A database` {
  let place = Place()

  private func count(_ database: Database) throws -> Int64 {
    var cursor = try database.query("SELECT count(*) FROM grp")
    _ = try cursor.next()
    return cursor.int(0)
  }

  @Test func `its files are its user's only`() throws {
    let mask = umask(0)
    defer { umask(mask) }
    let database = try place.writer()
    try database.run("INSERT INTO grp (name) VALUES ('a')")
    for name in ["", "-wal", "-shm", "-writer"] {
      var status = stat()
      #expect(stat(place.file + name, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600, "\(name)")
    }
  }

  @Test(arguments: [Database.Durability.powerCut, .processCrash])
  func `what was committed is there after opening again`(durability: Database.Durability) throws {
    try place.writer(durability).run("INSERT INTO grp (name) VALUES ('a')")
    #expect(try count(place.writer(durability)) == 1)
  }

  @Test func `power cuts are met with a full sync of every commit`() throws {
    var synchronous: [Int64] = []
    for durability in [Database.Durability.powerCut, .processCrash] {
      let database = try place.writer(durability)
      var cursor = try database.query("PRAGMA synchronous")
      _ = try cursor.next()
      synchronous.append(cursor.int(0))
    }
    #expect(synchronous == [2, 1])
  }

  @Test func `a second writer is refused, and let in after the first`() throws {
    var first: Database? = try place.writer()
    #expect(throws: DatabaseError.busy) { try place.writer() }
    _ = first
    first = nil
    _ = try place.writer()
  }

  /// By a symbolic link past our lock, as a command line tool would come.
  @Test func `a writer that slips past the lock makes a transaction busy, not wrong`() throws {
    let database = try place.writer()
    try #require(symlink(place.file, place.path + "/link") == 0)
    defer { for name in ["/link", "/link-writer"] { unlink(place.path + name) } }
    let stranger = try Database(path: place.path + "/link", role: .writer(durability: .processCrash))
    try stranger.transaction { () throws(DatabaseError) -> Void in
      #expect(throws: DatabaseError.busy) { try database.transaction {} }
    }
    try database.transaction {}
  }

  @Test func `a reader sees what was committed, never waits, and cannot write`() throws {
    let writer = try place.writer()
    let reader = try place.reader()
    try reader.migrate(to: CatalogSchema.copy)
    try writer.transaction { () throws(DatabaseError) in
      try writer.run("INSERT INTO grp (name) VALUES ('a')")
      #expect((try? count(reader)) == 0)
    }
    #expect(try count(reader) == 1)
    #expect(throws: DatabaseError.self) { try reader.run("INSERT INTO grp (name) VALUES ('b')") }
    #expect(throws: DatabaseError.self) { try reader.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
    #expect(try count(reader) == 1)
  }

  @Test func `a snapshot stays what it was`() throws {
    let writer = try place.writer()
    let reader = try place.reader()
    try reader.snapshot { () throws(DatabaseError) in
      #expect((try? count(reader)) == 0)
      try writer.run("INSERT INTO grp (name) VALUES ('a')")
      #expect((try? count(reader)) == 0)
    }
    #expect(try count(reader) == 1)
  }

  @Test func `a reader that closes last leaves the log alone`() throws {
    var writer: Database? = try place.writer()
    var reader: Database? = try place.reader()
    #expect(try count(try #require(reader)) == 0)
    try writer?.run("INSERT INTO grp (name) VALUES ('a')")
    writer = nil
    reader = nil
    #expect(access(place.file + "-wal", F_OK) == 0)
    #expect(try count(place.writer()) == 1)
  }

  @Test func `what fails is undone, and what was in memory is forgotten`() throws {
    let catalog = GroupCatalog(over: try place.writer(), as: .truth)
    #expect(throws: DatabaseError.io("on purpose")) {
      try catalog.database.transaction { () throws(DatabaseError) in
        let id = try catalog.found(team)
        try catalog.apply(Decision(group: id, number: 1, changes: [.stands(alice, .owner, since: 1)]))
        #expect((try? catalog.group(id)?.number) == 1)
        throw .io("on purpose")
      }
    }
    #expect(try catalog.group(named: team) == nil)
    #expect(try catalog.facts(for: Proposal(.join, in: team), by: alice).1.actor == .stranger)
    let id = try catalog.found(team)
    #expect(
      try catalog.apply(Decision(group: id, number: 1, changes: [.stands(bob, .owner, since: 1)])) == .folded)
    #expect(try catalog.group(id)?.owner == bob)
  }

  @Test func `a group that a failed transaction had changed is as before`() throws {
    let ledger = try Ledger()
    try ledger.found(team, by: alice)
    let before = try #require(try ledger.catalog.group(named: team))
    let decision = Decision(group: before.id, number: 2, changes: [.stands(bob, .member, since: 2)])
    #expect(throws: DatabaseError.full) {
      try ledger.catalog.database.transaction { () throws(DatabaseError) in
        try ledger.catalog.apply(decision)
        throw .full
      }
    }
    #expect(try ledger.catalog.group(before.id) == before)
    #expect(try ledger.catalog.group(named: team) == before)
    #expect(try ledger.catalog.standing(of: bob, in: before.id) == .stranger)
    #expect(try ledger.catalog.apply(decision) == .folded)
    #expect(try ledger.catalog.summary(team).members == 2)
  }

  @Test func `a newer program's file is refused`() throws {
    try place.writer().execute("PRAGMA user_version = 99")
    #expect(throws: DatabaseError.tooNew(99)) { try place.writer() }
    #expect(throws: DatabaseError.tooNew(99)) { try place.reader().migrate(to: CatalogSchema.copy) }
  }

  @Test func `steps that are missing are taken, all or none`() throws {
    let database = try place.writer()
    let more = Schema(CatalogSchema.copy.steps + ["CREATE TABLE account (user TEXT)", "nonsense"])
    #expect(throws: DatabaseError.self) { try database.migrate(to: more) }
    try database.migrate(to: Schema(more.steps.dropLast()))
    #expect(throws: DatabaseError.tooNew(2)) { try database.migrate(to: CatalogSchema.copy) }
    try database.run("INSERT INTO account VALUES ('alice')")
  }

  @Test func `what is no database is called damaged, and kept`() throws {
    let words = "this is not a database, whatever its name says".utf8
    try write(Array(words) + [UInt8](repeating: 7, count: 8192), at: 0)
    #expect(throws: DatabaseError.damaged("file is not a database")) { try place.writer() }
  }

  @Test func `a damaged page is found by looking through the file`() throws {
    do {
      let catalog = GroupCatalog(over: try place.writer(), as: .truth)
      let id = try catalog.found(team)
      for number in 1...200 {
        let entry = Entry(
          path: path("\(number)"), kind: file(), owner: alice, modified: 0, version: UInt64(number))
        try catalog.apply(Decision(group: id, number: UInt64(number), changes: [.published(entry)]))
      }
      try catalog.database.verify()
    }
    for page in 8..<14 { try write([UInt8](repeating: 0xA5, count: 4096), at: page * 4096) }
    let database = try place.writer()
    let error = #expect(throws: DatabaseError.self) { try database.verify() }
    guard case .damaged = error else { throw try #require(error) }
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws {
    let descriptor = open(place.file, O_WRONLY | O_CREAT, 0o600)
    defer { close(descriptor) }
    try #require(pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count)
  }

  @Test func `where nothing can be made, the system's reason is told`() {
    #expect(throws: DatabaseError.io("cannot open /no/such/place-writer: No such file or directory")) {
      try Database(path: "/no/such/place", role: .writer(durability: .powerCut))
    }
  }
}

@Suite struct `A full disk` {
  let place = Place()

  /// Publishes files until something is in the way.
  private func publish(into catalog: GroupCatalog, upTo count: UInt64) throws {
    let id = try catalog.found(team)
    while let number = try catalog.group(id).map({ $0.number + 1 }), number <= count {
      let name = String(repeating: "x", count: 200) + "\(number)"
      let entry = Entry(path: path(name), kind: file(), owner: alice, modified: 0, version: number)
      try catalog.apply(Decision(group: id, number: number, changes: [.published(entry)]))
    }
  }

  @Test func `is told as such, harms nothing, and is over when there is room`() throws {
    let catalog = GroupCatalog(over: try place.writer(), as: .truth)
    try catalog.database.execute("PRAGMA max_page_count = 40")
    #expect(throws: DatabaseError.full) { try publish(into: catalog, upTo: 2000) }
    let known = try #require(try catalog.group(named: team))
    #expect(known.number > 10 && known.files == known.number)
    #expect(try catalog.everyEntry(in: known.id).count == Int(known.files))
    try catalog.database.verify()
    try catalog.database.execute("PRAGMA max_page_count = 1000000")
    try publish(into: catalog, upTo: 2000)
    #expect(try catalog.group(named: team)?.files == 2000)
  }

  @Test(.enabled(if: geteuid() == 0, "mounting needs root")) func `of a real file system is the same`() throws
  {
    try #require(mount("tmpfs", place.path, "tmpfs", 0, "size=2m") == 0)
    defer { umount2(place.path, Int32(MNT_DETACH)) }
    let files = try fillAndGoOn()
    let catalog = GroupCatalog(over: try place.writer(), as: .truth)
    try catalog.database.verify()
    #expect(try catalog.group(named: team)?.files == files)
  }

  /// How many files there are in the end.
  private func fillAndGoOn() throws -> Int64 {
    let catalog = GroupCatalog(over: try place.writer(.powerCut), as: .truth)
    #expect(throws: DatabaseError.full) { try publish(into: catalog, upTo: 9000) }
    let known = try #require(try catalog.group(named: team))
    #expect(try catalog.everyEntry(in: known.id).count == Int(known.files))
    try catalog.database.verify()
    try #require(mount("tmpfs", place.path, "tmpfs", UInt(MS_REMOUNT), "size=64m") == 0)
    try publish(into: catalog, upTo: known.number + 500)
    return known.files + 500
  }
}
