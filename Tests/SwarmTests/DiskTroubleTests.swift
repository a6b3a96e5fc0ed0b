// What the system said of a disk comes out as it went in.

import Glibc
import Testing

@testable import Swarm

@Test(arguments: [
  ENOSPC, EACCES, EPERM, EROFS, ENOENT, ENOTDIR, EEXIST, EISDIR, ENAMETOOLONG, EFBIG, EMFILE, EIO, EBUSY,
])
func `what the system says is kept`(number: Int32) {
  #expect(DiskTrouble(errno: number).errno == number)
}
