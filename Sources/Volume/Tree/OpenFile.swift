// One opened file. Reading asks what is here first and fetches the rest; writing goes to a draft; closing publishes.

internal import GroupModel
internal import Link
package import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread; what belongs to this handle alone is under `own`.
package final class OpenFile: Sendable {
  package let node: NodeNumber
  let tree: Tree
  let place: Node
  let file: TreeFile
  package let access: Access
  let own = Mutex(Own())

  struct Own {
    var readAhead: ReadAhead?
    /// What is fetched ahead, by the row of reads it is for.
    var ahead: [Int: [FetchHandle]] = [:]
    /// Why something could not be fetched a moment ago: the kernel asks once more for each page.
    var lately: (error: TreeError, bytes: Range<Int>, until: Instant)?
    /// Since it was last published through this handle.
    var hasWritten = false
    var whole: WholeFile?
    /// By the process that opened it.
    var isClosed = false
    var isReleased = false
  }

  init(_ place: Node, _ file: TreeFile, in tree: Tree, _ access: Access) {
    node = place.number
    self.place = place
    self.file = file
    self.tree = tree
    self.access = access
  }

  package enum Outcome: Sendable {
    /// All that was asked for, or up to the file's end.
    case read(Int)
    /// Some of it is not here: see `bring`.
    case missing
    case failed(TreeError)
  }

  package enum Written: Sendable {
    case written
    /// Bytes of the version that is being changed have to be here first: bring them, and write again.
    case needs(Range<Int>)
    case failed(TreeError)
  }

  /// A descriptor of the whole, verified content in our own cache, which stays so until the handle is released; nil
  /// where there is none, or where somebody could write: he who reads a file while another program of this machine
  /// writes it sees what that writes, as on any disk.
  package func wholeFileDescriptor() -> Int32? {
    guard !access.writes, !tree.mayBeWritten(file) else { return nil }
    let stored = file.state.withLock { state -> StoredContent? in
      state.draft == nil && state.writers == 0 ? state.stored : nil
    }
    guard let whole = stored?.wholeFile() else { return nil }
    own.withLock { $0.whole = whole }
    return whole.descriptor
  }
}

// Reading.
extension OpenFile {
  /// Never waits for the network. `isAgain`: the same read was tried before, and had to wait.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int, isAgain: Bool = false
  ) -> Outcome {
    guard buffer.count > 0 else { return .read(0) }
    let (draft, stored, isEmpty) = file.state.withLock { ($0.draft, $0.stored, $0.content.size == 0) }
    if let draft { return Self.outcome(draft.read(into: buffer, at: offset)) }
    // Too few bytes would be a file that ends there.
    guard let stored else { return isEmpty ? .read(0) : .failed(.stale) }
    if !isAgain { lookAhead(offset..<offset + buffer.count, in: stored) }
    return Self.outcome(stored.read(into: buffer, at: offset))
  }

  private static func outcome(_ result: ReadResult) -> Outcome {
    switch result {
    case .read(let count): .read(count)
    case .missing: .missing
    case .trouble(let trouble): .failed(TreeError(trouble))
    }
  }

  /// Fetches what is missing of these bytes; `then` is called once, perhaps on the swarm's thread, where it must not
  /// wait. Read again then.
  package func bring(_ bytes: Range<Int>, then: @escaping @Sendable (TreeError?) -> Void) -> Bringing {
    let stored = file.state.withLock { $0.draft?.base ?? $0.stored }
    guard let stored, let blocks = stored.layout.blocks(touching: bytes) else {
      then(nil)
      return Bringing()
    }
    let missing = stored.missing(in: blocks)
    if !missing.isEmpty, let lately = own.withLock({ $0.lately }), lately.until > .now,
      lately.bytes.overlaps(bytes)
    {
      then(lately.error)
      return Bringing()
    }
    return tree.bring(missing, of: stored, in: file.group) { [weak self] error in
      if let error, error == .timedOut || error == .noSource {
        self?.own.withLock { $0.lately = (error, bytes, .now + Self.latelyMilliseconds) }
      }
      then(error)
    }
  }

  /// To be held by who waits for these bytes until he has read them.
  package func awaiting(_ bytes: Range<Int>) -> AwaitedPieces? {
    file.state.withLock { $0.draft?.base ?? $0.stored }?.awaiting(bytes)
  }

  private static let latelyMilliseconds = 300

  private func lookAhead(_ bytes: Range<Int>, in stored: StoredContent) {
    guard !stored.isWhole else { return }
    let (plan, ended) = own.withLock { own -> (ReadAhead.Plan, [FetchHandle]) in
      var readAhead = own.readAhead ?? ReadAhead(stored.layout)
      let plan = readAhead.read(bytes, now: .now)
      own.readAhead = readAhead
      let ended = plan.ended.flatMap { own.ahead.removeValue(forKey: $0) } ?? []
      return (plan, ended)
    }
    for handle in ended { handle.cancel() }
    fetch(plan.next, .next, of: stored, for: plan.row)
    fetch(plan.ahead, .ahead, of: stored, for: plan.row)
  }

  private func fetch(_ blocks: BlockRange?, _ urgency: Urgency, of stored: StoredContent, for row: Int) {
    guard let blocks else { return }
    let purpose: FetchPurpose = .ahead
    let key = ContentKey(group: file.group, root: stored.name.root)
    for run in stored.missing(in: blocks) {
      guard tree.volume.store.hasRoom(for: stored.layout.bytes(of: run).count, purpose) else { return }
      let handle = tree.volume.swarm.fetch(run, of: key, into: stored, urgency) { _ in }
      own.withLock { own in
        // Only the last ones can still be on their way.
        var handles = own.ahead[row] ?? []
        if handles.count >= Self.aheadMax { handles.removeFirst() }
        own.ahead[row] = handles + [handle]
      }
    }
  }

  private static let aheadMax = 64
}

// Writing.
extension OpenFile {
  package func write(_ bytes: RawSpan, at offset: Int, isFromPageCache: Bool) -> Written {
    guard access.writes else { return .failed(.badHandle) }
    let (end, isTooLarge) = offset.addingReportingOverflow(bytes.byteCount)
    guard offset >= 0, !isTooLarge else { return .failed(.tooLarge) }
    do throws(TreeError) {
      try tree.mustHavePlace(place)
      let missing = try write(bytes, offset..<end)
      return missing.map { .needs(Self.bytes(of: $0)) } ?? .written
    } catch {
      file.state.withLock { $0.refused.refuse(offset..<end, error) }
      tree.dropUnchangedDraft(of: file, at: place)
      return .failed(error)
    }
  }

  /// What of the old version has to be here first.
  private func write(_ bytes: RawSpan, _ range: Range<Int>) throws(TreeError) -> BlockRange? {
    while true {
      let draft = try tree.draft(of: file, at: place, truncated: false)
      switch draft.write(bytes, at: range.lowerBound) {
      case .done:
        noteWritten(range)
        return nil
      case .needsBase(let blocks): return blocks
      // It has ended under our hands, in a publication: the next one begins over what it has become.
      case .trouble(.cancelled): file.draftTurn.take {}
      case .trouble(let trouble): throw TreeError(trouble)
      }
    }
  }

  static func bytes(of blocks: BlockRange) -> Range<Int> {
    blocks.start * ContentLayout.blockBytes..<blocks.end * ContentLayout.blockBytes
  }

  func noteWritten(_ range: Range<Int> = 0..<0) {
    own.withLock { $0.hasWritten = true }
    file.state.withLock { state in
      state.isDirty = true
      state.refused.wrote(range)
      state.modified = Clock.now
    }
  }

  /// Durable here.
  package func synchronize(for caller: Caller) throws(TreeError) {
    try tree.mustHavePlace(place)
    let draft = file.state.withLock { state in
      state.isSynced = true
      return state.draft
    }
    guard let draft else { return try tree.synchronize(file) }
    do throws(DiskTrouble) { try draft.sync() } catch { throw TreeError(error) }
  }

  package func allocate(
    _ bytes: Range<Int>, keepingSize: Bool, punching: Bool, zeroing: Bool, for caller: Caller
  ) throws(TreeError) {
    guard access.writes else { throw .badHandle }
    try tree.mustHavePlace(place)
    try tree.edit(file, at: place, for: caller) { draft in
      if punching { return draft.punch(bytes) }
      if zeroing {
        let end = min(bytes.upperBound, draft.fileBytes)
        if bytes.lowerBound < end {
          let result = draft.punch(bytes.lowerBound..<end)
          guard result == .done else { return result }
        }
        guard !keepingSize, bytes.upperBound > draft.fileBytes else { return .done }
        return draft.truncate(to: bytes.upperBound)
      }
      return draft.allocate(bytes, keepingSize: keepingSize)
    }
    noteWritten()
  }
}

// Closing.
extension OpenFile {
  /// A `close`. Publishes if `processID` is that of the process that opened it and there is something to publish;
  /// waits for the tracker, two seconds at most.
  package func flush(by processID: Int32, for caller: Caller) throws(TreeError) {
    guard processID == access.processID else { return }
    noteClosed()
    guard own.withLock({ $0.hasWritten }) else { return }
    // Before whoever closes it hears of it, and looks.
    defer { tree.kernel.forgetAttributesNow(node) }
    try publish(for: caller)
  }

  private func noteClosed() {
    let isFirst = own.withLock { own in
      defer { own.isClosed = true }
      return !own.isClosed
    }
    if isFirst { file.state.withLock { $0.closed += 1 } }
  }

  private func publish(for caller: Caller) throws(TreeError) {
    guard own.withLock({ $0.hasWritten }) else { return }
    do throws(TreeError) { try tree.publish(file, at: place, for: caller) } catch {
      // Whoever was told that it could not be closed does not expect to find it with the others later.
      let whole = 0..<max(1, file.size)
      file.state.withLock { $0.refused.refuse(whole, error) }
      throw error
    }
    own.withLock { $0.hasWritten = false }
  }

  /// The last `close`; what is left is published.
  package func release(for caller: Caller) {
    let ahead = own.withLock { own in
      own.isReleased = true
      own.whole = nil
      defer { own.ahead = [:] }
      return own.ahead.values.flatMap { $0 }
    }
    for handle in ahead { handle.cancel() }
    noteClosed()
    saying { () throws(TreeError) in try publish(for: caller) }
    // Cut to a size by its name meanwhile, perhaps, while it was open for writing here.
    guard tree.letGo(file, at: place, writes: access.writes, isClosed: true) else { return }
    saying { () throws(TreeError) in try tree.publish(file, at: place, for: caller) }
  }

  private func saying(_ body: () throws(TreeError) -> Void) {
    do throws(TreeError) { try body() } catch {
      tree.volume.log("\(tree.words(for: place)) is not published: \(error.sentence)")
    }
  }
}

/// Something that is being fetched for one who waits.
package final class Bringing: Sendable {
  private let handles = Mutex<[FetchHandle]>([])

  init() {}

  func add(_ handle: FetchHandle) { handles.withLock { $0.append(handle) } }

  package func cancel() {
    for handle in handles.withLock({ $0 }) { handle.cancel() }
  }
}
