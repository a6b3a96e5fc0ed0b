package struct Digest: Hashable, Sendable {
  package static let byteCount = 32
  let words: [UInt8]
  package init(_ span: RawSpan) { words = span.withUnsafeBytes { Array($0) } }
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { words.withUnsafeBytes(body) }
}
package struct ContentRoot: Hashable, Sendable {
  package let digest: Digest
  package init(_ digest: Digest) { self.digest = digest }
}
