// What a program is told when something cannot be done: the table of SPEC 3.1 and of TreeError.

import Glibc
import GroupModel
import Swarm
import Testing
import Volume

@testable import p2pfs

@Suite struct ErrnoTests {
  @Test(
    arguments: [
      (.notFound, ENOENT), (.exists, EEXIST), (.notDirectory, ENOTDIR), (.isDirectory, EISDIR),
      (.notEmpty, ENOTEMPTY), (.notPermitted(""), EPERM), (.denied(""), EACCES), (.invalid(""), EINVAL),
      (.nameTooLong, ENAMETOOLONG), (.crossesGroups, EXDEV), (.readOnly, EROFS), (.tooLarge, EFBIG),
      (.full, ENOSPC), (.badHandle, EBADF), (.noAttribute, ENODATA), (.stale, ESTALE), (.interrupted, EINTR),
      (.noSource, EHOSTDOWN), (.timedOut, ETIMEDOUT), (.noTracker, EHOSTUNREACH), (.notNow(""), EAGAIN),
      (.state(""), EIO), (.refused(.notYours), EACCES), (.disk(.failed(errno: EDOM)), EDOM),
    ] as [(TreeError, Int32)])
  func `each trouble of the tree is one errno`(error: TreeError, number: Int32) {
    #expect(Errno(error).number == number)
  }

  /// Every refusal, so that a new one is missed here as soon as it has a code.
  @Test func `a refusal means at a write what it means at a shell`() {
    let classes: [Int32: Set<Int32>] = [
      65: [EINVAL], 66: [ENOENT], 73: [EEXIST, ENOTEMPTY, ENOTDIR, EISDIR], 75: [EAGAIN], 77: [EACCES],
    ]
    let refusals = (UInt8.min...UInt8.max).compactMap { Refusal(code: $0, seconds: 12) }
    #expect(refusals.count == 24)
    for refusal in refusals {
      let exit = Failure.refused(refusal).exitCode
      #expect(classes[exit]?.contains(Errno(refusal).number) == true, "\(refusal)")
    }
  }

  @Test func `what is wrong with a file of the cache is no word about the file that was meant`() {
    for trouble in [
      DiskTrouble.missing, .notDirectory, .exists, .isDirectory, .notAFile, .nameTooLong, .notPermitted,
      .forbidden, .readOnly,
    ] {
      #expect(Errno(.disk(trouble)).number == EIO)
    }
    #expect(Errno(.disk(.tooManyOpen)).number == EMFILE)
  }
}
