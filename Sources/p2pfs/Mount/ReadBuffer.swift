// Where a thread puts the bytes that it answers with: one buffer each, made when it is first used.

import Glibc

enum ReadBuffer {
  /// The kernel asks for no more at once: see `FuseSession`.
  static let byteCount = 1 << 20

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let result = pthread_key_create(&key) { free($0) }
    precondition(result == 0, "the system gives no room for a value in each thread")
    return key
  }()

  /// This thread's, and its only until it asks again.
  static func mine(_ count: Int) -> UnsafeMutableRawBufferPointer {
    precondition(count <= byteCount, "the kernel asks for more than was agreed")
    if let buffer = pthread_getspecific(key) { return .init(start: buffer, count: count) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
    pthread_setspecific(key, buffer.baseAddress)
    return .init(start: buffer.baseAddress, count: count)
  }
}
