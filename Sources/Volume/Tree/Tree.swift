// The groups as a tree of directories and files, as a mount shows it: nodes by number, names, files that are read from
// the swarm and written to drafts. Knows nothing of FUSE; every operation is named as POSIX names it.
//
// Some operations answer at once, from memory and the local catalog. Those that have a `caller` may wait for the
// tracker, the swarm or a slow disk, and belong on a thread that may: they end early when the caller is interrupted.

package import GroupModel
internal import Synchronization

package final class Tree: Sendable {
  package let volume: GroupVolume
  let kernel: any KernelCache
  let controls: any ControlTable
  let isReadOnly: Bool

  package init(
    over volume: GroupVolume, telling kernel: any KernelCache, controls: any ControlTable, isReadOnly: Bool
  ) throws(TreeError) {
    self.volume = volume
    self.kernel = kernel
    self.controls = controls
    self.isReadOnly = isReadOnly
  }

  /// What was closed and not yet published is here again, and tried again; drafts that a crash has left are moved to
  /// `recovered/`.
  package func open() {}

  /// Waits until everything closed is published; says what is not when the deadline has passed.
  package func sync(for caller: Caller, milliseconds: Int) throws(TreeError) {}

  package func close() {}

  /// What is closed and not published, for the status: group and path.
  package var pending: [(group: GroupName, path: FilePath)] { [] }
}

// At once.
extension Tree {
  /// Counts one lookup.
  package func lookUp(_ name: [UInt8], in directory: NodeNumber) throws(TreeError) -> Found {
    throw .notFound
  }

  package func forget(_ node: NodeNumber, lookups: UInt64) {}

  /// Of a control file its length as it is known without waiting.
  package func attributes(of node: NodeNumber) throws(TreeError) -> Attributes { throw .notFound }

  package func target(ofLink node: NodeNumber) throws(TreeError) -> [UInt8] { throw .notFound }

  package func openDirectory(_ node: NodeNumber) throws(TreeError) -> OpenDirectory { throw .notFound }

  /// `stale`: look the name up again, and open what is there now.
  package func open(_ node: NodeNumber, _ access: Access) throws(TreeError) -> OpenFile { throw .notFound }

  package func create(
    _ name: [UInt8], in directory: NodeNumber, isExecutable: Bool, _ access: Access
  ) throws(TreeError) -> (Found, OpenFile) { throw .notFound }

  package var space: SpaceUse { SpaceUse(totalBytes: 0, freeBytes: 0) }

  /// Names without the `user.` prefix are not known here: these are the whole names.
  package func extendedAttributeNames(of node: NodeNumber) throws(TreeError) -> [String] { [] }
}

// May wait.
extension Tree {
  package func extendedAttribute(
    _ name: String, of node: NodeNumber, for caller: Caller
  ) throws(TreeError) -> [UInt8] { throw .noAttribute }

  /// With `file`, of what it has open.
  package func change(
    _ change: AttributeChange, of node: NodeNumber, through file: OpenFile?, for caller: Caller
  ) throws(TreeError) -> Attributes { throw .notFound }

  package func makeDirectory(
    _ name: [UInt8], in directory: NodeNumber, for caller: Caller
  ) throws(TreeError) -> Found { throw .notFound }

  package func removeDirectory(
    _ name: [UInt8], from directory: NodeNumber, for caller: Caller
  ) throws(TreeError) {}

  package func removeFile(_ name: [UInt8], from directory: NodeNumber, for caller: Caller) throws(TreeError) {
  }

  package func makeLink(
    _ name: [UInt8], in directory: NodeNumber, to target: [UInt8], for caller: Caller
  ) throws(TreeError) -> Found { throw .notFound }

  package func rename(
    _ name: [UInt8], in directory: NodeNumber, to newName: [UInt8], in newDirectory: NodeNumber,
    replacing: Bool,
    for caller: Caller
  ) throws(TreeError) {}

  package func openControl(_ node: NodeNumber, _ access: Access, for caller: Caller) throws(TreeError)
    -> OpenControl
  {
    throw .notFound
  }
}
