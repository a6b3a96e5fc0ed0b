// What is counted while it happens, and read whenever somebody wants to show it: without a lock, for the price of an
// addition.

internal import Synchronization

/// ## Concurrency model
/// For every thread.
package final class Tally: Sendable {
  private let count = Atomic<Int>(0)

  package init() {}

  package func add(_ more: Int = 1) { count.wrappingAdd(more, ordering: .relaxed) }

  package var total: Int { count.load(ordering: .relaxed) }
}

/// The few things that something may be, known beforehand and numbered from 0.
package protocol Countable: CaseIterable, RawRepresentable, Sendable where RawValue == Int {}

/// One of something for each of them.
package struct Each<Kind: Countable, Counted: Sendable>: Sendable {
  private let counted: [Counted]

  package init(_ make: () -> Counted) { counted = Kind.allCases.map { _ in make() } }

  package subscript(kind: Kind) -> Counted { counted[kind.rawValue] }

  /// By the cases' names, written as they are in commands: `createUser` is `create_user`.
  package var named: [(name: String, counted: Counted)] {
    Kind.allCases.map { (Self.words("\($0)"), self[$0]) }
  }

  private static func words(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : "\($1)" }
  }
}

/// Bytes of all the lines of one loop, as they are inside TLS.
package struct Traffic: Sendable {
  package let sent = Tally()
  package let received = Tally()
}
