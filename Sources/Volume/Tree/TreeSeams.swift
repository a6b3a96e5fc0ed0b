// What the tree needs of those above it: the kernel's memory of names, and the control files, whose words are the
// command language's.

package import GroupModel

/// The kernel's caches. Told on any thread, with no lock held; must not wait for the kernel there.
package protocol KernelCache: AnyObject, Sendable {
  /// What a name stands for is no longer what it was.
  func forgetName(_ name: [UInt8], in directory: NodeNumber)
  /// Size, times and the like of a node have changed; with `bytes` its pages too.
  func forgetNode(_ node: NodeNumber, bytes: Bool)
  /// The same for attributes, and the kernel has done so when this returns. Only from within a request of a file that
  /// is open: then nothing is held for which the kernel would wait.
  func forgetAttributesNow(_ node: NodeNumber)
  /// Once the kernel has been told of all that was said up to now, on any thread.
  func whenTold(_ then: @escaping @Sendable () -> Void)
}

/// What a control file says.
package struct ControlText: Hashable, Sendable {
  package let bytes: [UInt8]
  /// When it became this, in nanoseconds since 1970.
  package let modified: Int64

  package init(bytes: [UInt8], modified: Int64) {
    self.bytes = bytes
    self.modified = modified
  }
}

/// One control file. `SPEC 4`: every open sees a fresh snapshot, every line that is written is a command.
package protocol ControlFile: Sendable {
  var isWritable: Bool { get }
  /// As `ls` shows them to this member.
  var permissions: UInt16 { get }
  /// May ask the tracker, and so wait, until the caller is interrupted.
  func snapshot(for caller: Caller) throws(TreeError) -> ControlText
  /// What is known without waiting, for `stat`.
  func textAtOnce() -> ControlText
  /// One whole line, without its end.
  func take(_ line: [UInt8], for caller: Caller) throws(TreeError)
}

package protocol ControlTable: AnyObject, Sendable {
  /// In the mount's root; in the order in which they are listed.
  var rootNames: [String] { get }
  /// In the directory of each group.
  var groupNames: [String] { get }
  /// Whether those of groups are listed too.
  var listsThoseOfGroups: Bool { get }
  func root(_ name: String) -> (any ControlFile)?
  func group(_ name: String, of group: GroupName) -> (any ControlFile)?
  /// The words by which a content is fetched.
  func link(to content: FileContent, at path: FilePath, in group: GroupName) -> String
}
