// Where answers go. Each thread of the loop reads its own clone of /dev/fuse, and the kernel takes the answer to a
// request only where the request was read; libfuse, whose loop we do not use, knows but one descriptor. So whoever
// answers says here, for its thread, which one it is.

import Glibc

enum FuseChannel {
  /// Made once; its values are descriptors plus one, so that nothing is nil.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let result = pthread_key_create(&key, nil)
    precondition(result == 0, "the system gives no room for a value in each thread")
    return key
  }()

  static var current: Int32? {
    guard let value = pthread_getspecific(key) else { return nil }
    return Int32(Int(bitPattern: value) - 1)
  }

  static func use(_ descriptor: Int32?) {
    pthread_setspecific(key, descriptor.flatMap { UnsafeRawPointer(bitPattern: Int($0) + 1) })
  }

  static func using(_ descriptor: Int32?, _ body: () -> Int32) -> Int32 {
    let before = current
    if before == descriptor { return body() }
    use(descriptor)
    defer { use(before) }
    return body()
  }
}
