// The numbers that `ls -i` shows. Each belongs to one version of one file: derived from where it lies and the decision
// that put it there, so that they are the same after everything was forgotten; and remembered for what was written
// here, which had its number before it had a decision.

internal import GroupModel
internal import Synchronization

/// ## Concurrency model
/// For any thread.
final class Inodes: Sendable {
  private struct Version: Hashable {
    let group: GroupID
    let number: UInt64
    let path: FilePath
  }

  private struct State {
    var own: [Version: UInt64] = [:]
    var fresh: UInt64 = 0
  }

  private static let ownMax = 1 << 16

  private let state = Mutex(State())
  private let run = UInt64.random(in: .min ... .max)

  func number(of entry: Entry, in group: GroupID) -> UInt64 {
    if let own = state.withLock({ $0.own[Version(group: group, number: entry.version, path: entry.path)] }) {
      return own
    }
    return Self.number { writer in
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

  /// A version keeps the number that it had before it was decided.
  func keep(_ inode: UInt64, for entry: Entry, in group: GroupID) {
    state.withLock { state in
      if state.own.count >= Self.ownMax { state.own.removeAll() }
      state.own[Version(group: group, number: entry.version, path: entry.path)] = inode
    }
  }

  private static func number(_ write: (inout WireWriter) -> Void) -> UInt64 {
    var writer = WireWriter()
    write(&writer)
    let number = Digest(hashing: writer.bytes.span.bytes).withBytes { $0.loadUnaligned(as: UInt64.self) }
    // Small numbers are the root's and the kernel's.
    return number | 1 << 32
  }
}
