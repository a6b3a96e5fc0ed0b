// Puts a running tracker under load and prints a table: `make bench-tracker` starts the tracker and calls this.

import Glibc
import GroupModel
import Link

@main
enum Program {
  static func main() throws {
    let words = CommandLine.arguments.filter { $0 != "--quick" }
    guard words.count == 4, let port = UInt16(words[1]), let pid = Int32(words[3]) else {
      print("usage: tracker-load [--quick] <port on 127.0.0.1> <tracker's data directory> <tracker's pid>")
      exit(64)
    }
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let tracker = SocketAddress(ip: [127, 0, 0, 1], port: port)
    let network = try Network(tracker, data: words[2], trackerPID: pid)
    let benches = Benches(network: network, isQuick: CommandLine.arguments.contains("--quick"))
    try benches.prepare()
    print("| what | figure | |\n| --- | --- | --- |")
    try benches.idleClients()
    try benches.decisions()
    try benches.announces()
    try benches.pushes()
  }
}
