// The bytes of each message to and from the tracker. What reads checks everything; what writes was checked when
// it was made.

/// The kinds on the wire; a number once given is never given another meaning.
package enum TrackerKind {
  package static let refusal: UInt8 = 0
  package static let createUser: UInt8 = 1
  package static let login: UInt8 = 2
  package static let renew: UInt8 = 3
  package static let changePassword: UInt8 = 4
  package static let logout: UInt8 = 5
  package static let propose: UInt8 = 6
  package static let listGroups: UInt8 = 7
  package static let listMyGroups: UInt8 = 8
  package static let listRequests: UInt8 = 9
  package static let listMembers: UInt8 = 10
  package static let catchUp: UInt8 = 11
  package static let follow: UInt8 = 12
  package static let announce: UInt8 = 13
  package static let locate: UInt8 = 14
  package static let countSharers: UInt8 = 15
  package static let setSharing: UInt8 = 16
  package static let stopWatching: UInt8 = 17
  package static let saw: UInt8 = 18
  package static let decisionPush: UInt8 = 64
  package static let standingPush: UInt8 = 65
  package static let holderPush: UInt8 = 66
}

extension TrackerRequest {
  package var kind: UInt8 {
    switch self {
    case .createUser: TrackerKind.createUser
    case .login: TrackerKind.login
    case .renew: TrackerKind.renew
    case .changePassword: TrackerKind.changePassword
    case .logout: TrackerKind.logout
    case .propose: TrackerKind.propose
    case .listGroups: TrackerKind.listGroups
    case .listMyGroups: TrackerKind.listMyGroups
    case .listRequests: TrackerKind.listRequests
    case .listMembers: TrackerKind.listMembers
    case .catchUp: TrackerKind.catchUp
    case .follow: TrackerKind.follow
    case .announce: TrackerKind.announce
    case .locate: TrackerKind.locate
    case .countSharers: TrackerKind.countSharers
    case .setSharing: TrackerKind.setSharing
    case .stopWatching: TrackerKind.stopWatching
    case .saw: TrackerKind.saw
    }
  }

  package func write(to writer: inout WireWriter) {
    switch self {
    case .createUser(let id, let user, let password):
      writer.request(id)
      writer.name(user)
      writer.blob(password)
    case .login(let user, let password, let request):
      writer.name(user)
      writer.blob(password)
      writer.blob(request)
    case .renew(let request):
      writer.blob(request)
    case .changePassword(let id, let password, let request):
      writer.request(id)
      writer.blob(password)
      writer.blob(request)
    case .logout:
      break
    case .propose(let id, let proposal):
      writer.request(id)
      writer.proposal(proposal)
    case .listGroups(let after), .listMyGroups(let after):
      writer.optional(after) { $0.name($1) }
    case .listRequests(let group, let after), .listMembers(let group, let after):
      writer.name(group)
      writer.optional(after) { $0.name($1) }
    case .catchUp(let group, let mark):
      writer.u64(group.number)
      writer.mark(mark)
    case .follow(let listening):
      writer.optional(listening) { $0.address($1) }
    case .announce(let holdings):
      writer.list(holdings) { $0.holding($1) }
    case .locate(let key):
      writer.key(key)
    case .countSharers(let group, let roots):
      writer.u64(group.number)
      writer.list(roots) { $0.root($1) }
    case .setSharing(let id, let group, let path, let isOn):
      writer.request(id)
      writer.name(group)
      writer.path(path)
      writer.flag(isOn)
    case .stopWatching(let key):
      writer.key(key)
    case .saw(let group, let number):
      writer.u64(group.number)
      writer.u64(number)
    }
  }

  package init(kind: UInt8, reading reader: inout WireReader) throws(Malformed) {
    switch kind {
    case TrackerKind.createUser:
      self = .createUser(try reader.request(), try reader.user(), password: try reader.password())
    case TrackerKind.login:
      self = .login(
        try reader.user(), password: try reader.password(),
        certificateRequest: try reader.certificateRequest())
    case TrackerKind.renew:
      self = .renew(certificateRequest: try reader.certificateRequest())
    case TrackerKind.changePassword:
      self = .changePassword(
        try reader.request(), password: try reader.password(),
        certificateRequest: try reader.certificateRequest())
    case TrackerKind.logout: self = .logout
    case TrackerKind.propose: self = .propose(try reader.request(), try reader.proposal())
    case TrackerKind.listGroups: self = .listGroups(after: try reader.optionalGroup())
    case TrackerKind.listMyGroups: self = .listMyGroups(after: try reader.optionalGroup())
    case TrackerKind.listRequests:
      self = .listRequests(try reader.group(), after: try reader.optionalUser())
    case TrackerKind.listMembers:
      self = .listMembers(try reader.group(), after: try reader.optionalUser())
    case TrackerKind.catchUp:
      self = .catchUp(GroupID(try reader.u64()), after: try reader.mark())
    case TrackerKind.follow:
      self = .follow(
        listening: try reader.optional { reader throws(Malformed) in try reader.address() })
    case TrackerKind.announce:
      self = .announce(
        try reader.list(max: Self.holdingsMax, bytesEach: 41) { reader throws(Malformed) in
          try reader.holding()
        })
    case TrackerKind.locate: self = .locate(try reader.key())
    case TrackerKind.countSharers:
      self = .countSharers(
        GroupID(try reader.u64()),
        try reader.list(max: Self.rootsMax, bytesEach: Digest.byteCount) { reader throws(Malformed) in
          try reader.root()
        })
    case TrackerKind.setSharing:
      self = .setSharing(
        try reader.request(), try reader.group(), try reader.path(), isOn: try reader.flag())
    case TrackerKind.stopWatching: self = .stopWatching(try reader.key())
    case TrackerKind.saw: self = .saw(GroupID(try reader.u64()), try reader.u64())
    default: throw Malformed("an unknown kind of request")
    }
    try reader.end()
  }
}

extension TrackerAnswer {
  /// `request` is the kind that this answers.
  package func write(to writer: inout WireWriter) {
    switch self {
    case .refused(let refusal): writer.refusal(refusal)
    case .done: break
    case .certificate(let der): writer.blob(der)
    case .decided(let group, let number):
      writer.u64(group.number)
      writer.u64(number)
    case .groups(let groups, let more):
      writer.list(groups) { $0.summary($1) }
      writer.flag(more)
    case .users(let users, let more):
      writer.list(users) { $0.name($1) }
      writer.flag(more)
    case .members(let members, let more):
      writer.list(members) { $0.member($1) }
      writer.flag(more)
    case .caughtUp(let page):
      writer.flag(page.startsAnew)
      writer.list(page.changes) { $0.change($1) }
      writer.mark(page.mark)
      writer.flag(page.more)
    case .holders(let holders):
      writer.list(holders) { $0.holder($1) }
    case .sharers(let counts):
      writer.list(counts) { $0.u32($1) }
    }
  }

  /// The kind under which the answer to a request of `kind` goes.
  package func kind(answering kind: UInt8) -> UInt8 {
    if case .refused = self { TrackerKind.refusal } else { kind }
  }

  package init(kind: UInt8, reading reader: inout WireReader) throws(Malformed) {
    switch kind {
    case TrackerKind.refusal: self = .refused(try reader.refusal())
    case TrackerKind.createUser, TrackerKind.logout, TrackerKind.follow, TrackerKind.announce,
      TrackerKind.stopWatching, TrackerKind.saw:
      self = .done
    case TrackerKind.login, TrackerKind.renew, TrackerKind.changePassword:
      self = .certificate(try reader.blob(max: 8192))
    case TrackerKind.propose, TrackerKind.setSharing:
      self = .decided(GroupID(try reader.u64()), try reader.u64())
    case TrackerKind.listGroups, TrackerKind.listMyGroups:
      let groups = try reader.list(max: Self.pageMax, bytesEach: 28) { reader throws(Malformed) in
        try reader.summary()
      }
      self = .groups(groups, more: try reader.flag())
    case TrackerKind.listRequests:
      let users = try reader.list(max: Self.pageMax, bytesEach: 2) { reader throws(Malformed) in
        try reader.user()
      }
      self = .users(users, more: try reader.flag())
    case TrackerKind.listMembers:
      let members = try reader.list(max: Self.pageMax, bytesEach: 4) { reader throws(Malformed) in
        try reader.member()
      }
      self = .members(members, more: try reader.flag())
    case TrackerKind.catchUp: self = .caughtUp(try reader.page())
    case TrackerKind.locate:
      self = .holders(
        try reader.list(max: Self.pageMax, bytesEach: 10) { reader throws(Malformed) in
          try reader.holder()
        })
    case TrackerKind.countSharers:
      self = .sharers(
        try reader.list(max: TrackerRequest.rootsMax, bytesEach: 4) { reader throws(Malformed) in
          try reader.u32()
        })
    default: throw Malformed("an unknown kind of answer")
    }
    try reader.end()
  }

  /// The most lines of any page.
  package static let pageMax = 4096
}

extension TrackerPush {
  package var kind: UInt8 {
    switch self {
    case .decision: TrackerKind.decisionPush
    case .standing: TrackerKind.standingPush
    case .holder: TrackerKind.holderPush
    }
  }

  package func write(to writer: inout WireWriter) {
    switch self {
    case .decision(let decision): writer.decision(decision)
    case .standing(let group, let id, let standing):
      writer.name(group)
      writer.u64(id.number)
      writer.u8(standing.rawValue)
    case .holder(let key, let holder):
      writer.key(key)
      writer.holder(holder)
    }
  }

  package init(kind: UInt8, reading reader: inout WireReader) throws(Malformed) {
    switch kind {
    case TrackerKind.decisionPush: self = .decision(try reader.decision())
    case TrackerKind.standingPush:
      self = .standing(try reader.group(), GroupID(try reader.u64()), try reader.standing())
    case TrackerKind.holderPush: self = .holder(try reader.key(), try reader.holder())
    default: throw Malformed("an unknown kind of push")
    }
    try reader.end()
  }
}

extension WireWriter {
  fileprivate mutating func mark(_ mark: CatchUpMark) {
    u64(mark.number)
    u64(mark.row)
    u64(mark.begun)
  }

  fileprivate mutating func pieces(_ pieces: Holding.Pieces) {
    switch pieces {
    case .none: u8(0)
    case .all: u8(1)
    case .some(let ranges):
      u8(2)
      list(ranges) { writer, range in
        writer.u32(range.lowerBound)
        writer.u32(range.upperBound)
      }
    }
  }

  fileprivate mutating func holding(_ holding: Holding) {
    key(holding.key)
    pieces(holding.pieces)
  }

  fileprivate mutating func member(_ member: MemberSummary) {
    name(member.user)
    flag(member.isOwner)
    flag(member.isOnline)
  }

  fileprivate mutating func holder(_ holder: ContentHolder) {
    name(holder.user)
    address(holder.address)
    pieces(holder.pieces)
  }
}

extension WireReader {
  fileprivate mutating func password() throws(Malformed) -> [UInt8] {
    try blob(max: TrackerRequest.passwordBytesMax)
  }

  fileprivate mutating func certificateRequest() throws(Malformed) -> [UInt8] {
    try blob(max: TrackerRequest.certificateRequestBytesMax)
  }

  fileprivate mutating func optionalGroup() throws(Malformed) -> GroupName? {
    try optional { reader throws(Malformed) in try reader.group() }
  }

  fileprivate mutating func optionalUser() throws(Malformed) -> UserName? {
    try optional { reader throws(Malformed) in try reader.user() }
  }

  fileprivate mutating func mark() throws(Malformed) -> CatchUpMark {
    CatchUpMark(number: try u64(), row: try u64(), begun: try u64())
  }

  /// Sorted, apart and not empty, or it is no set of pieces.
  fileprivate mutating func pieces() throws(Malformed) -> Holding.Pieces {
    switch try u8() {
    case 0: return .none
    case 1: return .all
    case 2:
      var end: UInt32?
      let ranges = try list(max: Holding.Pieces.rangesMax, bytesEach: 8) { reader throws(Malformed) in
        let lower = try reader.u32()
        let upper = try reader.u32()
        guard lower < upper, end.map({ $0 < lower }) ?? true else {
          throw Malformed("runs of pieces out of order")
        }
        end = upper
        return lower..<upper
      }
      return .some(ranges)
    default: throw Malformed("an unknown form of pieces")
    }
  }

  fileprivate mutating func holding() throws(Malformed) -> Holding {
    Holding(key: try key(), pieces: try pieces())
  }

  fileprivate mutating func member() throws(Malformed) -> MemberSummary {
    MemberSummary(user: try user(), isOwner: try flag(), isOnline: try flag())
  }

  fileprivate mutating func holder() throws(Malformed) -> ContentHolder {
    ContentHolder(user: try user(), address: try address(), pieces: try pieces())
  }

  fileprivate mutating func page() throws(Malformed) -> CatchUpPage {
    let startsAnew = try flag()
    let changes = try list(max: Decision.changesMax, bytesEach: 1) { reader throws(Malformed) in
      try reader.change()
    }
    return CatchUpPage(startsAnew: startsAnew, changes: changes, mark: try mark(), more: try flag())
  }
}
