// One mounted directory: a tree behind the kernel's door, from mounting to unmounting. What the kernel says is in
// FuseOperations; who mounts, with which options and in which process, is not here.

import Glibc
import Volume

/// ## Concurrency model
/// `init` and `run` for one thread, `run` after any fork; `stop` for every thread, also before `run`.
final class Mount: Sendable {
  private let session: FuseSession

  /// Mounts. Whoever looks into the directory from now on waits until `run`.
  ///
  /// - `memory` is what `tree` was told to tell.
  /// - `source` is what `mount` and `df` show, `p2pfs:<user>@<tracker>`.
  /// - `options` are libfuse's and the kernel's, each as it stands behind `-o`: `allow_other`, `ro`, `nodev` …
  init(
    _ tree: Tree, remembering memory: KernelMemory, at mountPoint: String, source: String, options: [String],
    _ tuning: KernelTuning, counting counts: MountCounts
  ) throws(Failure) {
    guard let path = realpath(mountPoint, nil) else {
      throw .disk(errno, "mounting on \(Quoted.text(mountPoint))")
    }
    defer { free(path) }
    // Modes are the kernel's to check, as `ls -l` shows them; without that, `allow_other` would let everybody in.
    let own = ["fsname=\(source)", "subtype=p2pfs", "default_permissions"]
    // libfuse wants to hear it here and in its INIT.
    session = try FuseSession(
      tree, memory, at: String(cString: path), own + options + ["max_read=\(tuning.readBytesMax)"], tuning,
      counting: counts)
  }

  /// Serves until the directory was unmounted, by whomever. `ready` is called once, when the kernel and we have
  /// agreed and everything works.
  func run(ready: () -> Void = {}) { session.run(ready: ready) }

  /// Somebody has unmounted it.
  func end() { session.end() }

  /// Unmounts, also where files are open; what waits is answered, and `run` returns.
  func stop() { session.stop() }
}
