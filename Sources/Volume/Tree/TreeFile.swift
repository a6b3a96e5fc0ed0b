// What one file of the tree holds: a version that the group has, or a draft that is being written over it.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread. `state` is locked for moments only. Beginning and ending a draft is done in `draftTurn`, which a
/// writer may have to wait for as long as a disk takes; what is told to the tracker is told in `publishTurn`.
/// Where both are taken, `publishTurn` comes first.
final class TreeFile: Sendable {
  struct State {
    /// As the group has it; nil for what the tracker has not decided yet.
    var published: Entry?
    /// What lies here, where no draft does.
    var content: FileContent
    /// Open while somebody has the file open, or nobody else has it.
    var stored: StoredContent?
    var draft: Draft?
    /// The group has not been told of all that is here.
    var isDirty = false
    /// A program has asked for its bytes to be on the disk: then they are before its name is known.
    var isSynced = false
    /// Until it is made good nothing of the file is published.
    var refused = RefusedWrites()
    /// By this member; who has it open goes on.
    var isRemoved = false
    /// Editors' debris: never published.
    var isLocalOnly = false
    var pending: PendingPublish?
    var modified: Int64
    var inode: UInt64
    var handles = 0
    var writers = 0
    /// Of the handles, those that whoever opened them has closed.
    var closed = 0

    /// The group has a version of it, or will have one: the next one has another number.
    var isVersion: Bool { published != nil || pending != nil }

    /// A version has been written to its end. The number is its own, unless it is what was there before; but who has
    /// the file open compares the number that he knows with the one that its name has (sqlite does, and git).
    mutating func become(_ content: FileContent, numbered fresh: UInt64) {
      let isOther = !content.hasBytes(of: self.content)
      if isVersion, isOther, handles == closed { inode = fresh }
      self.content = content
    }
  }

  let group: GroupID
  let draftTurn = Turn()
  let publishTurn = Turn()
  let state: Mutex<State>

  init(in group: GroupID, _ state: State) {
    self.group = group
    self.state = Mutex(state)
  }

  /// nil for an empty file.
  var contentName: ContentName? { state.withLock { ContentName($0.content) } }

  var isAtWork: Bool {
    state.withLock { $0.isDirty || $0.draft != nil || $0.pending != nil || $0.isLocalOnly }
  }

  var size: Int {
    state.withLock { $0.draft?.fileBytes ?? Int(clamping: $0.content.size) }
  }
}

extension FileContent {
  static func empty(isExecutable: Bool) -> FileContent {
    guard let content = FileContent(size: 0, root: nil, isExecutable: isExecutable) else {
      preconditionFailure("an empty file has no root")
    }
    return content
  }

  func hasBytes(of other: FileContent) -> Bool { size == other.size && root == other.root }

  func with(isExecutable: Bool) -> FileContent {
    FileContent(size: size, root: root, isExecutable: isExecutable) ?? self
  }
}
