// How fast a file goes from some members to another, each a process of its own, and what it costs them.
//
//     swarm-load <MiB> <seeds> [all|quarters|store|random] [folder of the seeds' file] [folder of the fetched file]

import GroupModel
import Glibc
import Link
import Swarm

@main
enum Program {
  static func main() throws {
    let words = CommandLine.arguments
    switch words.dropFirst().first {
    case "seed": try Seed.run(Scene(folder: words[2]), number: Int(words[3])!)
    case "fetch": try Fetch.run(Scene(folder: words[2]), from: words.dropFirst(3).compactMap { UInt16($0) })
    case let mib?:
      let seeds = words.count > 2 ? Int(words[2])! : 1
      let parts = words.count > 3 ? words[3] : "all"
      try Stage(
        mib: Int(mib)!, seeds: seeds, mode: parts,
        source: words.count > 4 ? words[4] : "/dev/shm",
        target: words.count > 5 ? words[5] : "/tmp"
      ).run()
    case nil:
      print("usage: swarm-load <MiB> <seeds> [all|quarters|store|random] [source folder] [target folder]")
    }
  }
}

/// User and system time of this process.
func cpuSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}
