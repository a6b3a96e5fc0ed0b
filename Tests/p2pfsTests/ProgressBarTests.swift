// One line of a terminal, whatever is to be said and however narrow it is.

import Testing

@testable import p2pfs

@Suite struct ProgressBarTests {
  private func progress(
    _ done: UInt64, _ total: UInt64, _ rate: UInt64 = 2 << 20, label: String = "team/f"
  ) -> Progress {
    Progress(label: label, doneBytes: done, totalBytes: total, bytesPerSecond: rate, isOver: false)
  }

  @Test func `it says how far, how fast and how long`() {
    #expect(
      ProgressBar.line(progress(4 << 20, 16 << 20), width: 80)
        == "team/f [######------------------] 25% 2.0M/s 0:06 left")
    #expect(
      ProgressBar.line(progress(20 << 20, 20 << 20, 0), width: 80)
        == "team/f [########################] 100% 0B/s -:--")
    #expect(ProgressBar.line(progress(0, 36 << 30, 1 << 20), width: 80).hasSuffix(" 1.0M/s 10:14:24 left"))
    #expect(ProgressBar.line(progress(0, 1 << 50, 1), width: 80).hasSuffix(" 1B/s -:--"))
  }

  @Test(arguments: [1, 2, 5, 10, 20, 30, 40, 80, 200])
  func `it is never wider than the terminal, with room for what Ctrl-C shows`(width: Int) {
    let labels = ["f", "team/a rather long name of a file in a directory.bin", "team/写真/とても長い名前のファイル.jpg"]
    for label in labels {
      for done: UInt64 in [0, 1 << 40, 1 << 41] {
        let line = ProgressBar.line(progress(done, 1 << 41, 1 << 33, label: label), width: width)
        #expect(DisplayWidth.of(line) <= max(width - 3, 5), "\(line)")
      }
    }
  }

  @Test func `the narrower it is, the less it says`() {
    let one = progress(1 << 20, 4 << 20, label: "team/photos/2026/a.jpg")
    #expect(ProgressBar.line(one, width: 60) == "…/photos/2026/a.jpg [###-----------] 25% 2.0M/s 0:01 left")
    #expect(ProgressBar.line(one, width: 40) == "…otos/2026/a.jpg 25% 2.0M/s 0:01 left")
    #expect(ProgressBar.line(one, width: 20) == "…s/2026/a.jpg 25%")
  }
}
