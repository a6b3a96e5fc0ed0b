// What an event loop will do later: a binary heap by deadline. Nothing is ever taken out before its time;
// whoever set a timer checks, when it fires, whether it still matters.

struct Timers {
  private struct Timer {
    let due: Instant
    let job: () -> Void
  }

  private var heap: [Timer] = []

  var next: Instant { heap.first?.due ?? .never }

  mutating func add(at due: Instant, _ job: @escaping () -> Void) {
    heap.append(Timer(due: due, job: job))
    siftUp(heap.count - 1)
  }

  mutating func popDue(_ now: Instant) -> (() -> Void)? {
    guard let first = heap.first, first.due <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    if !heap.isEmpty { siftDown(0) }
    return first.job
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
