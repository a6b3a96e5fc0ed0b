// How one run of a program tells its wishes apart: for all that it asks of a tracker, by whichever line.

package import GroupModel
internal import Synchronization

extension RequestID {
  private static let instance = UInt64.random(in: .min ... .max)
  private static let lastSequence = Atomic<UInt64>(0)

  /// A wish that this run of the program has not had before.
  package static func next() -> RequestID {
    RequestID(instance: instance, sequence: lastSequence.add(1, ordering: .relaxed).newValue)
  }
}
