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
    /// By this member; who has it open goes on.
    var isRemoved = false
    /// Editors' debris: never published.
    var isLocalOnly = false
    var pending: PendingPublish?
    var modified: Int64
    /// Set by `utimens`: later than any write, and to be kept.
    var inode: UInt64
    var handles = 0
    var writers = 0
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

  func with(isExecutable: Bool) -> FileContent {
    FileContent(size: size, root: root, isExecutable: isExecutable) ?? self
  }
}
