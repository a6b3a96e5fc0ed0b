// The state directory, which holds the login's private key: nobody is to share it because it lies below what he shares.

import GroupModel
import Swarm

struct OwnDirectory {
  private let path: [UInt8]

  init?(_ path: String) {
    guard let place = LocalPath(path), let resolved = try? LocalTree.resolved(place) else { return nil }
    self.path = resolved.bytes
  }

  /// It, or something in it; a symbolic link is shared as a link.
  func holds(_ found: LocalTree.Found) -> Bool {
    if case .symlink = found.kind { return false }
    guard let bytes = try? LocalTree.resolved(found.path).bytes, bytes.starts(with: path) else {
      return false
    }
    return bytes.count == path.count || bytes[path.count] == UInt8(ascii: "/")
  }
}
