// The numbers that `ls -i` shows. Each belongs to one version of one file: derived from where it lies and the decision
// that put it there, so that they are the same after everything was forgotten; and remembered for what was written
// here, which had its number before it had a decision, and for what a later decision gave another name, time or mode.

internal import GroupModel
internal import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread. `keep` is quick and may be called under a lock; `save` waits for the disk.
final class Inodes: Sendable {
  private struct State {
    /// By the number that the version would have if it had been written elsewhere.
    var own: [UInt64: UInt64]
    var unsaved: [KeptNumber] = []
    var fresh: UInt64 = 0
  }

  private static let ownMax = 1 << 18

  private let kept: KeptNumbers
  private let state: Mutex<State>
  private let run = UInt64.random(in: .min ... .max)

  init(in stateDirectory: String) throws(TreeError) {
    guard let directory = LocalPath("\(stateDirectory)/inodes") else {
      throw .state("the state directory's path is too long")
    }
    do throws(DiskTrouble) { kept = try KeptNumbers(in: directory) } catch { throw TreeError(error) }
    let known = kept.all.map { ($0.key, $0.number) }
    state = Mutex(State(own: Dictionary(known, uniquingKeysWith: { $1 })))
  }

  func number(of entry: Entry, in group: GroupID) -> UInt64 {
    let derived = Self.number(derivedFrom: entry, in: group)
    return state.withLock { $0.own[derived] } ?? derived
  }

  private static func number(derivedFrom entry: Entry, in group: GroupID) -> UInt64 {
    number { writer in
      writer.u8(1)
      writer.u64(group.number)
      writer.u64(entry.version)
      writer.raw(entry.path.bytes)
    }
  }

  func number(ofGroup group: GroupID) -> UInt64 {
    Self.number { writer in
      writer.u8(2)
      writer.u64(group.number)
    }
  }

  func number(ofControl name: String, in group: GroupID?) -> UInt64 {
    Self.number { writer in
      writer.u8(3)
      writer.u64(group?.number ?? 0)
      writer.raw(Array(name.utf8))
    }
  }

  /// For what is new here.
  func fresh() -> UInt64 {
    let count = state.withLock { state in
      state.fresh += 1
      return state.fresh
    }
    return Self.number { writer in
      writer.u8(4)
      writer.u64(run)
      writer.u64(count)
    }
  }

  /// A version keeps the number that it had before it was decided; after a restart too, once it is saved. Of what it
  /// replaces none is needed any more.
  func keep(_ inode: UInt64, for entry: Entry, insteadOf old: Entry? = nil, in group: GroupID) {
    let derived = Self.number(derivedFrom: entry, in: group)
    let before = old.map { Self.number(derivedFrom: $0, in: group) }
    state.withLock { state in
      if let before, before != derived { state.own[before] = nil }
      guard derived != inode else { return }
      if state.own.count >= Self.ownMax { state.own.removeAll() }
      state.own[derived] = inode
      state.unsaved.append(KeptNumber(inode, for: derived))
    }
  }

  /// On a full disk they are what they are until the next start.
  func save() {
    let unsaved = state.withLock { state in
      defer { state.unsaved = [] }
      return state.unsaved
    }
    for kept in unsaved { try? self.kept.keep(kept) }
  }

  private static func number(_ write: (inout WireWriter) -> Void) -> UInt64 {
    var writer = WireWriter()
    write(&writer)
    let number = Digest(hashing: writer.bytes.span.bytes).withBytes { $0.loadUnaligned(as: UInt64.self) }
    // Small numbers are the root's and the kernel's.
    return number | 1 << 32
  }
}
