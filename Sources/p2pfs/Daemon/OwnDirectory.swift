// The state directory, which holds the login's private key: nobody is to share it because it lies below what he shares.

import GroupModel
import Swarm

struct OwnDirectory {
  enum Part {
    /// The directory itself, or where the sharing began.
    case beginning
    case inside
  }

  private let path: [UInt8]

  init?(_ path: String) {
    guard let place = LocalPath(path), let resolved = try? LocalTree.resolved(place) else { return nil }
    self.path = resolved.bytes
  }

  /// nil for what is elsewhere; a symbolic link is shared as a link.
  func part(_ found: LocalTree.Found) -> Part? {
    if case .symlink = found.kind { return nil }
    guard let bytes = try? LocalTree.resolved(found.path).bytes, bytes.starts(with: path),
      bytes.count == path.count || bytes[path.count] == UInt8(ascii: "/")
    else { return nil }
    return bytes.count == path.count || found.below.isEmpty ? .beginning : .inside
  }
}
