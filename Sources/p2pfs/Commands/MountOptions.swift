// What stands behind `-o` of mount, and in the fourth column of /etc/fstab: ours, libfuse's, and words that only
// mount(8) and systemd understand.

import GroupModel

struct MountOptions: Hashable, Sendable {
  var user: UserName?
  private(set) var isReadOnly = false
  private(set) var showsControl = false
  /// As libfuse and the kernel take them.
  private(set) var passed: [String] = []
  private(set) var tuning = KernelTuning()
  /// There was a `-o`, as from mount(8).
  private(set) var isFromList = false
  private(set) var namesState = false

  var isGiven: Bool { isFromList || user != nil }

  static func user(_ text: String) throws(Failure) -> UserName {
    guard let user = UserName(text) else {
      throw .malformed("\(Quoted.text(text)) is no user name: \(NameRule.sentence)")
    }
    return user
  }

  static func take(_ list: String, into options: inout Options) throws(Failure) {
    options.mount.isFromList = true
    for option in split(list) { try takeOne(option, into: &options) }
  }

  /// A comma behind a backslash belongs to its option.
  private static func split(_ list: String) -> [String] {
    var options = [""]
    var isEscaped = false
    for scalar in list.unicodeScalars {
      if isEscaped || (scalar != "," && scalar != "\\") {
        if isEscaped, scalar != ",", scalar != "\\" { options[options.count - 1] += "\\" }
        options[options.count - 1].unicodeScalars.append(scalar)
        isEscaped = false
      } else if scalar == "," {
        options.append("")
      } else {
        isEscaped = true
      }
    }
    return options.filter { !$0.isEmpty }
  }

  private static func takeOne(_ option: String, into options: inout Options) throws(Failure) {
    let halves = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch halves[0] {
    case "ro": options.mount.isReadOnly = true
    case "rw": options.mount.isReadOnly = false
    case "show_control": options.mount.showsControl = true
    case "allow_other": options.mount.passed += ["allow_other", "default_permissions"]
    case let name where isForOthers(name): break
    default:
      let value = halves.count == 2 ? halves[1] : nil
      if try options.mount.tuning.take(halves[0], value) || isWithoutEffect(halves[0], value) { return }
      guard let value else { return try pass(option, to: &options.mount) }
      try take(halves[0], value, into: &options)
    }
  }

  private static func take(_ name: String, _ value: String, into options: inout Options) throws(Failure) {
    let libfuses = [
      "fsname", "subtype", "context", "fscontext", "defcontext", "rootcontext",
    ]
    if libfuses.contains(name) { return options.mount.passed.append("\(name)=\(value)") }
    guard let word = OptionWord.all.first(where: { $0.name == "--\(name)" && $0.takesValue }) else {
      return try pass("\(name)=\(value)", to: &options.mount)
    }
    try word.set(&options, value)
    if name == "state" { options.mount.namesState = true }
  }

  /// What mount(8), its helpers and systemd keep for themselves. `dev` and `suid`, which mount.fuse adds by itself,
  /// would let files of others act here as what they are not; there are none.
  private static func isForOthers(_ name: String) -> Bool {
    let others = [
      "_netdev", "nofail", "noauto", "auto", "user", "nouser", "users", "owner", "group", "defaults",
      "nonempty", "comment", "dev", "suid", "uhelper", "helper",
      // Times of access are not kept, and no other program has files here open that it could lock or count.
      "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "diratime",
      "nodiratime", "iversion", "noiversion", "mand", "nomand", "silent", "loud", "symfollow",
    ]
    return others.contains(name) || name.hasPrefix("x-") || name.hasPrefix("X-")
  }

  /// What tunes libfuse's own loop and its memory of names, which are not used here, or asks for what is so anyway.
  private static func isWithoutEffect(_ name: String, _ value: String?) -> Bool {
    guard let value else { return idleFlags.contains(name) }
    if name == "readdirplus" { return ["yes", "no", "auto"].contains(value) }
    return idleNumbers.contains(name) && Double(value).map { $0 >= 0 } ?? false
  }

  private static let idleFlags: Set<String> = [
    "splice_read", "splice_write", "splice_move", "no_splice_read", "no_splice_write", "no_splice_move",
    "clone_fd", "big_writes", "atomic_o_trunc", "auto_inval_data", "no_auto_inval_data", "async_dio",
    "no_async_dio", "writeback_cache", "no_writeback_cache", "no_remote_lock", "no_remote_flock",
    "no_remote_posix_lock", "kernel_cache", "auto_cache", "noauto_cache", "no_rofd_flush", "noforget",
    "use_ino", "readdir_ino", "hard_remove",
  ]
  private static let idleNumbers: Set<String> = [
    "max_idle_threads", "max_threads", "time_gran", "entry_timeout", "attr_timeout", "ac_attr_timeout",
    "negative_timeout", "remember",
  ]

  /// The words that libfuse 3 and the kernel know. A misspelt one is told before anything has happened.
  private static func pass(_ option: String, to mount: inout MountOptions) throws(Failure) {
    let known = [
      "allow_root", "auto_unmount", "debug", "default_permissions", "nodev", "nosuid", "exec", "noexec",
      "async", "sync", "dirsync", "atime", "noatime",
    ]
    guard known.contains(option) else {
      let near = Spelling.nearest(to: option, among: known + ["allow_other", "show_control", "ro", "rw"])
      let hint = near.map { "did you mean '\($0)'?" } ?? "'p2pfs help mount' names those that it knows"
      throw .usage("\(Quoted.text(option)) is no option of mount: \(hint)")
    }
    mount.passed.append(option)
  }
}
