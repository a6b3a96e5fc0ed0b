// One mounted directory: a tree behind the kernel's door, from mounting to unmounting. What the kernel says is in
// FuseOperations; who mounts, with which options and in which process, is not here.

import Volume

/// ## Concurrency model
/// `init` and `run` for one thread, `run` after any fork; `stop` for every thread, also before `run`.
final class Mount: Sendable {
  /// Mounts. Whoever looks into the directory from now on waits until `run`.
  ///
  /// - `memory` is what `tree` was told to tell.
  /// - `source` is what `mount` and `df` show, `p2pfs:<user>@<tracker>`.
  /// - `options` are libfuse's and the kernel's, each as it stands behind `-o`: `allow_other`, `ro`, `nodev` …
  init(
    _ tree: Tree, remembering memory: KernelMemory, at mountPoint: String, source: String, options: [String]
  ) throws(Failure) {
  }

  /// Serves until the directory was unmounted, by whomever. `ready` is called once, when the kernel and we have
  /// agreed and everything works.
  func run(ready: @escaping @Sendable () -> Void = {}) throws(Failure) {}

  /// Unmounts, also where files are open; what waits is answered, and `run` returns.
  func stop() {}
}
