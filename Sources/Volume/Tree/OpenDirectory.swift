// One opened directory: what was in it when it was opened, so that offsets stay what they are while others create and
// remove.

internal import GroupModel
internal import Synchronization

package final class OpenDirectory: Sendable {
  package struct Item: Sendable {
    package let name: [UInt8]
    package let inode: UInt64
    package let kind: Attributes.Kind
  }

  /// What was seen of an item: the catalog's entry spares reading it again.
  struct Seen {
    let item: Item
    let entry: Entry?

    init(_ item: Item, _ entry: Entry?) {
      self.item = item
      self.entry = entry
    }
  }

  /// Without `.` and `..`.
  package let items: [Item]
  private let entries: [Entry?]
  private let tree: Tree
  private let directory: Node
  private let changes: UInt64

  init(_ tree: Tree, _ directory: Node, _ seen: [Seen], changes: UInt64) {
    self.tree = tree
    self.directory = directory
    self.changes = changes
    items = seen.map(\.item)
    entries = seen.map(\.entry)
  }

  /// For readdirplus. Counts one lookup; nil when it has gone since.
  package func lookUp(_ index: Int) -> Found? {
    guard let node = node(index) else { return nil }
    return Found(node: node.number, attributes: tree.attributes(of: node))
  }

  private func node(_ index: Int) -> Node? {
    if let entry = entries[index], let group = directory.group,
      let node = tree.place(entry, in: directory, group, unlessChangedSince: changes, true)
    {
      return node
    }
    return try? tree.child(items[index].name, of: directory, counting: true)
  }
}
