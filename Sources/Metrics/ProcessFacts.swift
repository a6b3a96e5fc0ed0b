// What every program that Prometheus knows tells of its process, by the names that its own libraries use.

internal import Glibc

extension Exposition {
  package mutating func addProcess() {
    counter(
      "process_cpu_seconds_total", "Processor time spent, by the program and by the kernel for it.",
      ProcessFacts.cpuSeconds)
    if let status = ProcessFacts.status {
      gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", status.residentBytes)
      gauge("process_virtual_memory_bytes", "Address space of the process.", status.virtualBytes)
      gauge("process_threads", "Threads of the process.", status.threads)
      if let began = ProcessFacts.secondsSince1970(ofTick: status.beganTick) {
        gauge("process_start_time_seconds", "When the process began, since 1970.", began)
      }
    }
    if let count = ProcessFacts.openDescriptors {
      gauge("process_open_fds", "Descriptors that are open.", count)
    }
    gauge("process_max_fds", "How many may be open.", ProcessFacts.maxDescriptors)
  }
}

/// As proc(5) and getrusage(2) tell them.
enum ProcessFacts {
  struct Status {
    let threads: Int
    /// Of the clock that began with the machine.
    let beganTick: Int
    let virtualBytes: Int
    let residentBytes: Int
  }

  static var cpuSeconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1_000_000
    }
  }

  static var status: Status? { text(of: "/proc/self/stat").flatMap(status(from:)) }

  /// The second field is the program's name, which may hold anything; the third follows the last parenthesis.
  static func status(from text: String) -> Status? {
    guard let name = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: name)...].split { $0 == " " || $0 == "\n" }.map { Int($0) }
    guard fields.count > 21, let threads = fields[17], let began = fields[19], let virtual = fields[20],
      let pages = fields[21]
    else { return nil }
    return Status(
      threads: threads, beganTick: began, virtualBytes: virtual,
      residentBytes: pages * sysconf(Int32(_SC_PAGESIZE)))
  }

  static func secondsSince1970(ofTick tick: Int) -> Double? {
    let lines = text(of: "/proc/stat")?.split(separator: "\n")
    guard let boot = lines?.first(where: { $0.hasPrefix("btime ") }).flatMap({ Double($0.dropFirst(6)) })
    else { return nil }
    return boot + Double(tick) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Counted by looking, but for the descriptor that looks.
  static var openDescriptors: Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count - 3
  }

  static var maxDescriptors: Double {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Double(limit.rlim_cur)
  }

  private static func text(of path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = read(file, &part, part.count)
      guard count > 0 else { return count == 0 ? String(decoding: text, as: UTF8.self) : nil }
      text += part[..<count]
    }
  }
}
