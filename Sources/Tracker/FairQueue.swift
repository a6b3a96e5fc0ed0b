// A bounded queue that takes from everyone who has something in it in turn: whoever fills it makes himself wait,
// and nobody else for longer than one turn. What one has put in comes out in its order.

struct FairQueue<Key: Hashable, Item> {
  private let max: Int
  private let maxEach: Int
  private var waiting: [Key: Line<Item>] = [:]
  /// Those who have something waiting, in the order of their turns.
  private var turns = Line<Key>()
  private(set) var count = 0

  init(max: Int, maxEach: Int) {
    self.max = max
    self.maxEach = maxEach
  }

  /// false: too much is waiting already, of this one or of all.
  mutating func add(_ item: Item, of key: Key) -> Bool {
    let mine = waiting[key]?.count ?? 0
    guard count < max, mine < maxEach else { return false }
    if mine == 0 { turns.append(key) }
    waiting[key, default: Line()].append(item)
    count += 1
    return true
  }

  mutating func next() -> Item? {
    guard let key = turns.popFirst(), let item = waiting[key]?.popFirst() else { return nil }
    if waiting[key]?.isEmpty == true { waiting[key] = nil } else { turns.append(key) }
    count -= 1
    return item
  }

  /// Takes out the last of the one who has most in the queue, unless `key` would then have more. Looks at
  /// everyone, so it is for short queues.
  mutating func makeRoom(for key: Key) -> Item? {
    guard let most = waiting.max(by: { $0.value.count < $1.value.count }),
      most.value.count > (waiting[key]?.count ?? 0) + 1
    else { return nil }
    count -= 1
    return waiting[most.key]?.popLast()
  }
}

/// First in, first out, without moving the rest at each turn.
private struct Line<Element> {
  private var elements: [Element?] = []
  private var first = 0

  var count: Int { elements.count - first }

  var isEmpty: Bool { count == 0 }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    defer {
      elements[first] = nil
      first += 1
      if first > 32, first > elements.count / 2 {
        elements.removeFirst(first)
        first = 0
      }
    }
    return elements[first]
  }

  mutating func popLast() -> Element? { isEmpty ? nil : elements.removeLast() }
}
