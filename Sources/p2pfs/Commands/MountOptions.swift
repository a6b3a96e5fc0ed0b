// What stands behind `-o` of mount, and in the fourth column of /etc/fstab: ours, libfuse's, and words that only
// mount(8) and systemd understand.

import GroupModel

struct MountOptions: Hashable, Sendable {
  var user: UserName?
  private(set) var isReadOnly = false
  private(set) var showsControl = false
  /// As libfuse and the kernel take them.
  private(set) var passed: [String] = []
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
    case let name where halves.count == 2: try take(name, halves[1], into: &options)
    default: try pass(option, to: &options.mount)
    }
  }

  private static func take(_ name: String, _ value: String, into options: inout Options) throws(Failure) {
    let libfuses = [
      "max_read", "fsname", "subtype", "context", "fscontext", "defcontext", "rootcontext",
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
      "nonempty",
      "relatime", "comment", "dev", "suid", "uhelper", "helper",
    ]
    return others.contains(name) || name.hasPrefix("x-") || name.hasPrefix("X-")
  }

  /// The words that libfuse 3 and the kernel know. A misspelt one is told before anything has happened.
  private static func pass(_ option: String, to mount: inout MountOptions) throws(Failure) {
    let known = [
      "allow_root", "auto_unmount", "debug", "default_permissions", "nodev", "nosuid", "exec", "noexec",
      "async",
      "sync", "dirsync", "atime", "noatime", "diratime", "nodiratime", "norelatime", "strictatime",
      "nostrictatime", "symfollow", "nosymfollow", "blkdev",
    ]
    guard known.contains(option) else {
      let near = Spelling.nearest(to: option, among: known + ["allow_other", "show_control", "ro", "rw"])
      let hint = near.map { "did you mean '\($0)'?" } ?? "'p2pfs help mount' names those that it knows"
      throw .usage("\(Quoted.text(option)) is no option of mount: \(hint)")
    }
    mount.passed.append(option)
  }
}
