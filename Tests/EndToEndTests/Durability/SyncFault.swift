// A disk that cannot be synced, for one tracker: a library put before libc's fsync and fdatasync, which do what a
// file says.

import Foundation
import Testing

final class SyncFault {
  private static let library: (Scratch, String) = {
    let scratch = Scratch()
    let source = scratch.write("fault.c", text)
    let library = scratch.path + "/fault.so"
    let compiling = Child("/usr/bin/cc", ["-shared", "-fPIC", "-O1", "-o", library, source]).finish()
    #expect(compiling.exit == 0, "\(compiling)")
    return (scratch, library)
  }()

  private static let text = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <stdlib.h>
    #include <unistd.h>

    static int fault(void) {
      char text[16] = {0};
      int file = open(getenv("SYNC_FAULT"), O_RDONLY | O_CLOEXEC);
      if (file < 0) return 0;
      if (read(file, text, sizeof text - 1) < 0) return 0;
      close(file);
      if (text[0] == 'h') {
        if (write(2, "a sync hangs\\n", 13) < 0) return 0;
        for (;;) pause();
      }
      return errno = atoi(text);
    }

    typedef int sync_call(int);

    int fsync(int file) { return fault() ? -1 : ((sync_call *)dlsym(RTLD_NEXT, "fsync"))(file); }
    int fdatasync(int file) { return fault() ? -1 : ((sync_call *)dlsym(RTLD_NEXT, "fdatasync"))(file); }
    """

  private let scratch: Scratch
  private var file: String { scratch.path + "/sync-fault" }

  init(for story: Story) { scratch = story.scratch }

  /// For the tracker that is to have such a disk.
  var environment: [String: String] { ["LD_PRELOAD": Self.library.1, "SYNC_FAULT": file] }

  /// From now on.
  func fail(with errno: Int32) { put(String(errno)) }

  /// The tracker says `a sync hangs` on its standard error when one does.
  func hang() { put("hang") }

  /// For the next tracker.
  func heal() { unlink(file) }

  /// Renamed into place: nobody reads half of it.
  private func put(_ text: String) {
    rename(scratch.write("sync-fault.new", text), file)
  }
}
