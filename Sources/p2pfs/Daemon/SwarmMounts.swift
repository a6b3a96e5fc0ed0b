// Where groups are mounted on this machine. What lies there is shared by being there: shared once more, in place, it would
// keep its own mount busy, and a directory around it would be copied into itself without end.

import Glibc

struct SwarmMounts {
  private let devices: Set<String>

  init() {
    devices = Set(MountTable.places().filter { $0.type == MountTable.type }.map(\.device))
  }

  func hold(_ found: LocalTree.Found) -> Bool {
    // As glibc packs it.
    let major = found.device >> 8 & 0xFFF | found.device >> 32 & ~0xFFF
    let minor = found.device & 0xFF | found.device >> 12 & ~0xFF
    return devices.contains("\(major):\(minor)")
  }
}
