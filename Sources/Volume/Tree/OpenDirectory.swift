// One opened directory: what was in it when it was opened, so that offsets stay what they are while others create and
// remove.

package final class OpenDirectory: Sendable {
  package struct Item: Sendable {
    package let name: [UInt8]
    package let inode: UInt64
    package let kind: Attributes.Kind
  }

  /// Without `.` and `..`.
  package let items: [Item]

  init(items: [Item]) { self.items = items }

  /// For readdirplus. Counts one lookup; nil when it has gone since.
  package func lookUp(_ index: Int) -> Found? { nil }
}
