// The groups as a tree of directories and files, as a mount shows it: nodes by number, names, files that are read from
// the swarm and written to drafts. Knows nothing of FUSE; every operation is named as POSIX names it.
//
// Some operations answer at once, from memory and the local catalog. Those that have a `caller` may wait for the
// tracker, the swarm or a slow disk, and belong on a thread that may: they end early when the caller is interrupted.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread. Nodes and names are under the lock of `table`, held for moments and never while a catalog or a disk
/// is read; what a file holds is under its own. The book's thread tells what was decided.
package final class Tree: Sendable {
  package let volume: GroupVolume
  let kernel: any KernelCache
  let controls: any ControlTable
  let isReadOnly: Bool
  let table: Mutex<NodeTable>
  let inodes: Inodes
  let publisher: Publisher
  let gate = NameGate()

  package init(
    over volume: GroupVolume, telling kernel: any KernelCache, controls: any ControlTable, isReadOnly: Bool
  ) throws(TreeError) {
    self.volume = volume
    self.kernel = kernel
    self.controls = controls
    self.isReadOnly = isReadOnly
    table = Mutex(NodeTable(root: Node(.root, .root, in: nil, inode: 1, modified: Clock.now)))
    inodes = try Inodes(in: volume.stateDirectory)
    publisher = try Publisher(in: volume.stateDirectory)
  }

  /// What was closed and not yet published is here again, and tried again; drafts that a crash has left are moved to
  /// `recovered/`.
  package func open() {
    publisher.tree = self
    recoverDrafts()
    restorePending()
    volume.follower.tree = self
    volume.treeIsOpen()
    publisher.start()
  }

  package func close() {
    publisher.stop()
    volume.follower.tree = nil
  }

  func node(_ number: NodeNumber) throws(TreeError) -> Node {
    guard let node = table.withLock({ $0[number] }) else { throw .stale }
    return node
  }

  func groupName(_ group: GroupID) throws(TreeError) -> GroupName {
    guard let name = volume.book.groups[group] else { throw .refused(.notMember) }
    return name
  }

  package var space: SpaceUse {
    let usage = volume.store.usage
    let total = usage.limitBytes
    // What is the member's own has no limit, and what a reader waits for may go a little beyond it.
    let used = min(total, usage.fetchedBytes + usage.ownBytes)
    return SpaceUse(
      totalBytes: total, usedBytes: used, roomBytes: min(total - used, max(0, usage.diskFreeBytes)))
  }
}

// Where things lie.
extension Tree {
  /// A place in a group where something is, or could be.
  struct Spot {
    let directory: Node
    let name: [UInt8]
    let group: GroupID
    let path: FilePath
  }

  func spot(_ name: [UInt8], in directory: NodeNumber) throws(TreeError) -> Spot {
    let parent = try node(directory)
    guard parent.isDirectory else { throw .notDirectory }
    guard let group = parent.group else {
      throw .notPermitted("files lie in groups: make one with mkdir")
    }
    guard let above = table.withLock({ $0.path(of: parent) }) else { throw .notFound }
    return Spot(directory: parent, name: name, group: group, path: try Self.path(above + [name]))
  }

  static func path(_ names: [[UInt8]]) throws(TreeError) -> FilePath {
    let bytes = Array(names.joined(separator: [UInt8(ascii: "/")]))
    do throws(PathError) { return try FilePath(bytes) } catch { throw TreeError(error) }
  }

  /// Of a node that has a name.
  func path(of node: Node) throws(TreeError) -> FilePath {
    guard let names = table.withLock({ $0.path(of: node) }) else { throw .notFound }
    return try Self.path(names)
  }

  func entry(at spot: Spot) throws(TreeError) -> Entry? {
    do throws(BookTrouble) { return try volume.book.entry(at: spot.path, in: spot.group) } catch {
      throw .state("\(error)")
    }
  }

  /// A file is its publisher's and the group owner's to change.
  func mayChange(_ entry: Entry, in group: GroupID) -> Bool {
    entry.owner == volume.user || volume.book.isOwner(volume.user, of: group)
  }

  func mustBeMine(_ entry: Entry?, in group: GroupID) throws(TreeError) {
    guard let entry, !mayChange(entry, in: group) else { return }
    throw .denied("\(entry.path) belongs to \(entry.owner)")
  }

  func mustBeWritable() throws(TreeError) { if isReadOnly { throw .readOnly } }
}
