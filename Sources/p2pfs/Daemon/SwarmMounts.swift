// Where groups are mounted on this machine. What lies there is shared by being there: shared once more, in place, it would
// keep its own mount busy, and a directory around it would be copied into itself without end.

import Glibc
import Swarm

struct SwarmMounts {
  private let devices: Set<String>

  init() {
    devices = Set(MountTable.places().filter { $0.type == MountTable.type }.map(\.device))
  }

  func hold(_ found: LocalTree.Found) -> Bool { hold(found.device) }

  /// Of a file that need not be there.
  func hold(_ path: LocalPath) -> Bool {
    var status = stat()
    return path.folder.withCString { stat($0, &status) } == 0 && hold(status.st_dev)
  }

  private func hold(_ device: dev_t) -> Bool {
    // As glibc packs it.
    let major = device >> 8 & 0xFFF | device >> 32 & ~0xFFF
    let minor = device & 0xFF | device >> 12 & ~0xFF
    return devices.contains("\(major):\(minor)")
  }
}
