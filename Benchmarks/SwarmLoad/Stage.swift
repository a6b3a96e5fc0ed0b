// Starts the processes of one run, and says what they measured.

import GroupModel
import Glibc

struct Stage {
  let mib: Int
  let seeds: Int
  let mode: String
  let source: String
  let target: String

  func run() throws {
    let folder = "\(source)/swarm-load.\(getpid())"
    try Scene.make(folder: folder, mib: mib, mode: mode, target: target)
    defer {
      for name in ["key.pem", "authority.pem", "scene", "leaves", "source"] { unlink("\(folder)/\(name)") };
      rmdir(folder)
    }
    let givers = (0..<seeds).map { Child(["seed", folder, "\($0)"]) }
    let ports = givers.map { $0.readLine() }
    let taker = Child(["fetch", folder] + ports)
    let measured = taker.readLine().split(separator: " ").compactMap { Double($0) }
    taker.finish()
    let seedSeconds = givers.map { giver in
      giver.closeInput()
      let seconds = Double(giver.readLine()) ?? .nan
      giver.finish()
      return seconds
    }.reduce(0, +)
    report(measured, seedSeconds)
  }

  private func report(_ measured: [Double], _ seedSeconds: Double) {
    guard measured.count == 8 else { return print("the fetcher failed") }
    let gib = Double(mib) / 1024
    if mode == "random" {
      return print(
        "single blocks at random from \(seeds): first", rounded(measured[2]), "ms, median",
        rounded(measured[3]),
        "ms, 99 in 100 within", rounded(measured[4]), "ms")
    }
    print(
      "\(mib) MiB from \(seeds), \(mode): \(Int(Double(mib) * 1.048576 / measured[0])) MB/s, CPU s/GiB: reader",
      rounded(measured[1] / gib), "seeds", rounded(seedSeconds / gib), "| first block ms",
      rounded(measured[2]),
      "| bytes twice", Int(measured[5]), "wasted", Int(measured[6]), "asked/size",
      rounded(measured[7] / Double(mib << 20)))
  }

  private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

final class Child {
  private var pid = pid_t()
  private let input: UnsafeMutablePointer<FILE>
  private let output: UnsafeMutablePointer<FILE>
  private var isInputOpen = true

  init(_ words: [String]) {
    var toChild: [Int32] = [0, 0]
    var fromChild: [Int32] = [0, 0]
    pipe(&toChild)
    pipe(&fromChild)
    for end in [toChild[1], fromChild[0]] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    let arguments = (["/proc/self/exe"] + words).map { strdup($0) } + [nil]
    posix_spawn(&pid, "/proc/self/exe", &actions, nil, arguments, environ)
    close(toChild[0])
    close(fromChild[1])
    input = fdopen(toChild[1], "w")
    output = fdopen(fromChild[0], "r")
  }

  func readLine() -> String {
    var line: UnsafeMutablePointer<CChar>?
    var size = 0
    defer { free(line) }
    let count = getline(&line, &size, output)
    guard count > 0, let line else { return "" }
    return String(String(cString: line).dropLast())
  }

  func closeInput() {
    if isInputOpen { fclose(input) }
    isInputOpen = false
  }

  func finish() {
    closeInput()
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    fclose(output)
  }
}
