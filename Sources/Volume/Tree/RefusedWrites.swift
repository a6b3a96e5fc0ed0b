// What programs were refused to write for want of room, or by the disk, and have not written since: as long as there is
// something of it, the file is half a file.

struct RefusedWrites {
  private var bytes = RangeSet<Int>()
  /// Why the last one was refused; nil where all was made good.
  private(set) var error: TreeError?

  mutating func refuse(_ range: Range<Int>, _ error: TreeError) {
    guard error.isOfDisk else { return }
    bytes.insert(contentsOf: range)
    self.error = error
  }

  mutating func wrote(_ range: Range<Int>) {
    guard error != nil else { return }
    bytes.remove(contentsOf: range)
    settle()
  }

  /// What lies beyond the end is not missed.
  mutating func cut(to size: Int) { wrote(size..<Int.max) }

  private mutating func settle() { if bytes.isEmpty { error = nil } }
}

extension TreeError {
  /// There was no room, or the disk is broken: nothing that the program could have known.
  var isOfDisk: Bool {
    switch self {
    case .full, .disk: true
    default: false
    }
  }
}
