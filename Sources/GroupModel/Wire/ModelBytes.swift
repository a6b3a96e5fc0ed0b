// The nouns' own bytes, shared by the messages that carry them and by the ledger that stores them.

extension WireWriter {
  package mutating func request(_ id: RequestID) {
    u64(id.instance)
    u64(id.sequence)
  }

  package mutating func root(_ root: ContentRoot) { root.digest.withBytes { raw($0) } }

  package mutating func kind(_ kind: Entry.Kind) {
    switch kind {
    case .file(let content):
      u8(0)
      u64(content.size)
      flag(content.isExecutable)
      optional(content.root) { $0.root($1) }
    case .directory:
      u8(1)
    case .symlink(let target):
      u8(2)
      blob(target.bytes)
    }
  }

  package mutating func entry(_ entry: Entry) {
    path(entry.path)
    kind(entry.kind)
    name(entry.owner)
    i64(entry.modified)
    u64(entry.version)
  }

  package mutating func change(_ change: Change) {
    switch change {
    case .stands(let user, let standing, let since):
      u8(0)
      name(user)
      u8(standing.rawValue)
      u64(since)
    case .published(let entry):
      u8(1)
      self.entry(entry)
    case .unpublished(let path):
      u8(2)
      self.path(path)
    case .moved(let from, let to):
      u8(3)
      path(from)
      path(to)
    case .ended:
      u8(4)
    }
  }

  package mutating func decision(_ decision: Decision) {
    u64(decision.group.number)
    u64(decision.number)
    list(decision.changes) { $0.change($1) }
  }

  package mutating func proposal(_ proposal: Proposal) {
    name(proposal.group)
    switch proposal.wish {
    case .found: u8(0)
    case .join: u8(1)
    case .leave: u8(2)
    case .accept(let user):
      u8(3)
      name(user)
    case .reject(let user):
      u8(4)
      name(user)
    case .remove(let user):
      u8(5)
      name(user)
    case .publish(let path, let kind, let modified, let over):
      u8(6)
      self.path(path)
      self.kind(kind)
      i64(modified)
      optional(over) { $0.u64($1) }
    case .unpublish(let path):
      u8(7)
      self.path(path)
    case .rename(let from, let to, let replacing):
      u8(8)
      path(from)
      path(to)
      flag(replacing)
    case .disband: u8(9)
    }
  }

  package mutating func summary(_ group: GroupSummary) {
    name(group.name)
    u64(group.id.number)
    name(group.owner)
    u8(group.mine.rawValue)
    u32(group.members)
    u32(group.files)
    u64(group.number)
  }

  package mutating func refusal(_ refusal: Refusal) {
    u8(refusal.code)
    if case .throttled(let seconds) = refusal { u16(seconds) } else { u16(0) }
  }

  package mutating func key(_ key: ContentKey) {
    u64(key.group.number)
    root(key.root)
  }

  package mutating func address(_ address: PeerAddress) {
    short(address.ip)
    u16(address.port)
  }
}

extension WireReader {
  package mutating func request() throws(Malformed) -> RequestID {
    RequestID(instance: try u64(), sequence: try u64())
  }

  package mutating func root() throws(Malformed) -> ContentRoot {
    ContentRoot(Digest(try span(Digest.byteCount)))
  }

  package mutating func standing() throws(Malformed) -> Standing {
    guard let standing = Standing(rawValue: try u8()) else { throw Malformed("an unknown standing") }
    return standing
  }

  /// `path` is where the entry lies, which decides where a link may point.
  package mutating func kind(at path: FilePath) throws(Malformed) -> Entry.Kind {
    switch try u8() {
    case 0: return .file(try content())
    case 1: return .directory
    case 2:
      guard let target = LinkTarget(try blob(max: FilePath.bytesMax), at: path) else {
        throw Malformed("a link that leaves its group")
      }
      return .symlink(target)
    default: throw Malformed("an unknown kind of entry")
    }
  }

  private mutating func content() throws(Malformed) -> FileContent {
    let size = try u64()
    let isExecutable = try flag()
    let root = try optional { reader throws(Malformed) in try reader.root() }
    guard let content = FileContent(size: size, root: root, isExecutable: isExecutable) else {
      throw Malformed("a size that does not fit its content")
    }
    return content
  }

  package mutating func entry() throws(Malformed) -> Entry {
    let path = try path()
    return Entry(
      path: path, kind: try kind(at: path), owner: try user(), modified: try i64(), version: try u64())
  }

  package mutating func change() throws(Malformed) -> Change {
    switch try u8() {
    case 0: return .stands(try user(), try standing(), since: try u64())
    case 1: return .published(try entry())
    case 2: return .unpublished(try path())
    case 3: return .moved(from: try path(), to: try path())
    case 4: return .ended
    default: throw Malformed("an unknown change")
    }
  }

  package mutating func decision() throws(Malformed) -> Decision {
    let group = GroupID(try u64())
    let number = try u64()
    let changes = try list(max: Decision.changesMax, bytesEach: 1) { reader throws(Malformed) in
      try reader.change()
    }
    return Decision(group: group, number: number, changes: changes)
  }

  package mutating func proposal() throws(Malformed) -> Proposal {
    let group = try group()
    return Proposal(try wish(), in: group)
  }

  private mutating func wish() throws(Malformed) -> Proposal.Wish {
    switch try u8() {
    case 0: return .found
    case 1: return .join
    case 2: return .leave
    case 3: return .accept(try user())
    case 4: return .reject(try user())
    case 5: return .remove(try user())
    case 6:
      let path = try path()
      return .publish(
        path, try kind(at: path), modified: try i64(),
        over: try optional { reader throws(Malformed) in try reader.u64() })
    case 7: return .unpublish(try path())
    case 8: return .rename(from: try path(), to: try path(), replacing: try flag())
    case 9: return .disband
    default: throw Malformed("an unknown wish")
    }
  }

  package mutating func summary() throws(Malformed) -> GroupSummary {
    GroupSummary(
      name: try group(), id: GroupID(try u64()), owner: try user(), mine: try standing(),
      members: try u32(), files: try u32(), number: try u64())
  }

  package mutating func refusal() throws(Malformed) -> Refusal {
    let (code, seconds) = (try u8(), try u16())
    guard let refusal = Refusal(code: code, seconds: seconds) else { throw Malformed("an unknown refusal") }
    if case .throttled = refusal { return refusal }
    guard seconds == 0 else { throw Malformed("a wait where there is none") }
    return refusal
  }

  package mutating func key() throws(Malformed) -> ContentKey {
    ContentKey(group: GroupID(try u64()), root: try root())
  }

  package mutating func address() throws(Malformed) -> PeerAddress {
    guard let address = PeerAddress(ip: try short(), port: try u16()) else {
      throw Malformed("an address that is none")
    }
    return address
  }
}
