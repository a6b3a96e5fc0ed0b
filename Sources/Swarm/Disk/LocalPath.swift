// Where a file lies on this machine, as bytes: a name on a disk need not be UTF-8, and must come back as it is.

internal import Glibc
internal import GroupModel

package struct LocalPath: Hashable, Sendable {
  package static let bytesMax = 4096

  package let bytes: [UInt8]

  /// nil for what no system call takes.
  package init?(_ bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    guard (1..<Self.bytesMax).contains(bytes.count), !bytes.contains(0) else { return nil }
    self.bytes = bytes
  }

  package init?(_ text: some StringProtocol) { self.init(text.utf8) }

  package var isAbsolute: Bool { bytes.first == Self.slash }

  /// The last component.
  package var name: [UInt8] { Array(bytes[(lastSlash.map { $0 + 1 } ?? 0)...]) }

  /// The directory that it lies in.
  package var folder: LocalPath {
    switch lastSlash {
    case nil: LocalPath(unchecked: [UInt8(ascii: ".")])
    case 0: LocalPath(unchecked: [Self.slash])
    case let cut?: LocalPath(unchecked: Array(bytes[..<cut]))
    }
  }

  package func appending(_ name: some Sequence<UInt8>) -> LocalPath? {
    LocalPath(bytes + [Self.slash] + name)
  }

  package func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    Swarm.withCString(bytes, body)
  }

  private static let slash = UInt8(ascii: "/")

  private var lastSlash: Int? { bytes.lastIndex(of: Self.slash) }

  private init(unchecked bytes: [UInt8]) { self.bytes = bytes }
}

extension LocalPath {
  /// When the file's bytes were last changed, in nanoseconds since 1970; nil where there is none.
  package var modified: Int64? {
    var status = stat()
    return withCString({ stat($0, &status) }) == 0 ? FileStamp(status).modified : nil
  }

  package var fileBytes: Int? {
    var status = stat()
    return withCString({ stat($0, &status) }) == 0 ? Int(status.st_size) : nil
  }
}

extension LocalPath: CustomStringConvertible {
  package var description: String { Printable.escaped(bytes) }
}

/// Names of files, as system calls take them. Whoever made the name has seen to it that it holds no NUL.
func withCString<Result>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { text in
    for (index, byte) in name.enumerated() { text[index] = CChar(bitPattern: byte) }
    text[name.count] = 0
    return body(UnsafePointer(text.baseAddress!))
  }
}
