// What is due later, a binary heap by deadline: an event loop's jobs, a line's awaited answers. Nothing is ever
// taken out before its time; whoever put it in checks, when it comes out, whether it still matters.

struct Timers<Item> {
  private struct Timer {
    let due: Instant
    let item: Item
  }

  private var heap: [Timer] = []

  var count: Int { heap.count }

  var next: Instant { heap.first?.due ?? .never }

  mutating func add(at due: Instant, _ item: Item) {
    heap.append(Timer(due: due, item: item))
    siftUp(heap.count - 1)
  }

  mutating func popDue(_ now: Instant) -> Item? {
    guard let first = heap.first, first.due <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    if heap.isEmpty { heap = [] } else { siftDown(0) }
    return first.item
  }

  /// For those who can tell what will not matter when it comes out. Takes the time of looking at everything.
  mutating func removeAll(where isOver: (Item) -> Bool) {
    heap.removeAll { isOver($0.item) }
    for parent in (0..<heap.count / 2).reversed() { siftDown(parent) }
  }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].due < heap[parent].due else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var parent = start
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].due < heap[least].due {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
