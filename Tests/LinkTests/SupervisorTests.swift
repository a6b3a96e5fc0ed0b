// What a service manager and the journal are told.

import Testing

@testable import Link

@Test func `a status is one line, whatever is in it`() {
  #expect(Supervisor.oneLine("mounted /a\nREADY=0\tb as é") == "mounted /a READY=0 b as é")
}

@Test func `the journal is where device and inode say it is, and nowhere else`() {
  #expect(Journal.isMeant(by: "8:1234", device: 8, inode: 1234))
  for other in ["8:1235", "9:1234", "8:1234 ", "08:1234", "8", "", ":", "8:1234:5"] {
    #expect(!Journal.isMeant(by: other, device: 8, inode: 1234), "\(other)")
  }
}

@Test func `importance is a number of syslog in front of the line`() {
  let all: [Importance] = [.error, .warning, .notice, .info, .debug]
  #expect(all.map(\.prefix) == ["<3>", "<4>", "<5>", "<6>", "<7>"])
}
