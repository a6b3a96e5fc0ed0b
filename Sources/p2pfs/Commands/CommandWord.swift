// The command language as one table: it parses, it is the help, and it guesses what a misspelt word meant.

/// One command as people know it.
struct CommandWord: Sendable {
  let name: String
  var parameters: [Parameter] = []
  var flags: [String] = []
  /// In the list of all commands, after the name.
  let summary: String
  /// In `help COMMAND`, after usage and summary. Lines of 78 characters at most.
  let explanation: String
  let command: @Sendable (Arguments) throws(Failure) -> Command

  var usage: String {
    ([name] + flags.map { "[\($0)]" } + parameters.map(\.usage)).joined(separator: " ")
  }
}

extension CommandWord {
  static let all: [CommandWord] = accounts + groups + members + files + daemons + others

  static func named(_ name: String) throws(Failure) -> CommandWord {
    if let word = all.first(where: { $0.name == name }) { return word }
    let wrong = "\(Quoted.text(name)) is no command"
    guard let near = Spelling.nearest(to: name, among: all.map(\.name)) else {
      throw .usage("\(wrong): 'p2pfs help' lists them")
    }
    throw .usage("\(wrong): did you mean '\(near)'?")
  }
}

extension CommandWord {
  private static let passwordExplanation = """
    Without a password on the command line it is taken from the first line of
    --password-file F, else from $P2PFS_PASSWORD, else asked for on the terminal.
    """

  fileprivate static let accounts: [CommandWord] = [
    CommandWord(
      name: "create_user", parameters: [.required("user"), .optional("password")],
      summary: "makes an account",
      explanation: passwordExplanation
    ) { arguments throws(Failure) in
      .createUser(try arguments.user(0), password: try arguments.password(1))
    },
    CommandWord(
      name: "login", parameters: [.required("user"), .optional("password")],
      summary: "saves a login in the state directory",
      explanation: """
        The login lasts until logout; every other command uses it. It remembers the
        trackers and the network's authority, so that no other can take its place.

        """ + passwordExplanation
    ) { arguments throws(Failure) in
      .login(try arguments.user(0), password: try arguments.password(1))
    },
    CommandWord(
      name: "logout", summary: "ends the login",
      explanation: "Sharing stops, and the saved login is erased from the state directory."
    ) { _ throws(Failure) in .logout },
    CommandWord(
      name: "passwd", summary: "changes the password of who is logged in",
      explanation: """
        The new password is the first line of --password-file F, else $P2PFS_PASSWORD,
        else asked for twice on the terminal. Logins on other machines end.
        """
    ) { _ throws(Failure) in .passwd },
  ]

  fileprivate static let groups: [CommandWord] = [
    CommandWord(
      name: "list_groups", summary: "lists every group of the network",
      explanation: """
        A line each: <group> <owner> <state> <members> <files>, where <state> is yours:
        owner, member, pending (you have asked to join) or -.
        """
    ) { _ throws(Failure) in .listGroups },
    CommandWord(
      name: "create_group", parameters: [.required("group")], summary: "makes a group that you own",
      explanation: "Others join it with join_group; you let them in with accept_request."
    ) { arguments throws(Failure) in .createGroup(try arguments.group(0)) },
    CommandWord(
      name: "join_group", parameters: [.required("group")], summary: "asks to join a group",
      explanation: """
        Its owner accepts or rejects you. Asking again while that is open changes
        nothing; after a rejection it asks anew.
        """
    ) { arguments throws(Failure) in .joinGroup(try arguments.group(0)) },
    CommandWord(
      name: "leave_group", parameters: [.required("group")], summary: "leaves a group",
      explanation: """
        Takes back a request to join that is still open. When the owner leaves, the
        longest-standing member becomes the owner; with the last member the group ends.
        """
    ) { arguments throws(Failure) in .leaveGroup(try arguments.group(0)) },
    CommandWord(
      name: "list_files", parameters: [.required("group")], summary: "lists the files of a group",
      explanation: """
        A line each: <bytes> <owner> <sharers online> <path>. In a path, \\ and control
        characters are written \\\\, \\n and \\ooo.
        """
    ) { arguments throws(Failure) in .listFiles(try arguments.group(0)) },
  ]

  fileprivate static let members: [CommandWord] = [
    CommandWord(
      name: "list_requests", parameters: [.required("group")], summary: "lists who has asked to join",
      explanation: "A user a line. Only the group's owner can see them."
    ) { arguments throws(Failure) in .listRequests(try arguments.group(0)) },
    CommandWord(
      name: "accept_request", parameters: [.required("group"), .required("user")],
      summary: "lets a user in who has asked",
      explanation: "Only the group's owner can do it. See list_requests for who has asked."
    ) { arguments throws(Failure) in .acceptRequest(try arguments.group(0), try arguments.user(1)) },
    CommandWord(
      name: "reject_request", parameters: [.required("group"), .required("user")],
      summary: "declines a user who has asked",
      explanation: "Only the group's owner can do it. The user may ask again."
    ) { arguments throws(Failure) in .rejectRequest(try arguments.group(0), try arguments.user(1)) },
    CommandWord(
      name: "list_members", parameters: [.required("group")], summary: "lists who is in a group",
      explanation: "A line each: <user> owner|member online|offline."
    ) { arguments throws(Failure) in .listMembers(try arguments.group(0)) },
    CommandWord(
      name: "remove_member", parameters: [.required("group"), .required("user")],
      summary: "takes a member out of a group",
      explanation: """
        Only the group's owner can do it. The member is cut off at once; the files that
        he published stay.
        """
    ) { arguments throws(Failure) in .removeMember(try arguments.group(0), try arguments.user(1)) },
  ]

  fileprivate static let files: [CommandWord] = [
    CommandWord(
      name: "upload_file", parameters: [.several("path"), .required("group")],
      summary: "shares local files, where they lie",
      explanation: """
        No second copy is made: the files are served from where they are, as long as
        they are not changed. A directory is shared whole, under its own name, without
        what editors leave about (x~, .x.swp, 4913, .~lock.x#, .goutputstream-*).
        """
    ) { arguments throws(Failure) in
      let last = arguments.count - 1
      return .uploadFile(arguments.words(0..<last), try arguments.group(last))
    },
    CommandWord(
      name: "download_file", parameters: [.required("group"), .required("file"), .required("destination")],
      summary: "fetches a whole file or directory",
      explanation: """
        From all who have it, verified. It is gathered beside the destination and
        renamed into place when it is whole. Ctrl-C stops it, a repetition goes on.
        As with cp, a destination that is a directory gets the file under its own name.
        """
    ) { arguments throws(Failure) in
      .downloadFile(try arguments.group(0), arguments.word(1), destination: arguments.word(2))
    },
    CommandWord(
      name: "show_downloads", summary: "lists downloads",
      explanation: "A line each: [D] [<group>] <path> while it is going on, [C] when it is complete."
    ) { _ throws(Failure) in .showDownloads },
    CommandWord(
      name: "stop_download", parameters: [.required("group"), .required("file")],
      summary: "stops a download that is going on",
      explanation: """
        What was verified stays in the cache; download_file goes on from there. Of a
        directory, all that is going on below it.
        """
    ) { arguments throws(Failure) in .stopDownload(try arguments.group(0), arguments.word(1)) },
    CommandWord(
      name: "stop_share", parameters: [.required("group"), .required("file")],
      summary: "stops your own sharing of a file",
      explanation: """
        It is kept across logins. When the last one who shares a file stops, the file
        leaves the group. Of a directory, all that you share below it.
        """
    ) { arguments throws(Failure) in .stopShare(try arguments.group(0), arguments.word(1)) },
    CommandWord(
      name: "start_share", parameters: [.required("group"), .required("file")],
      summary: "shares again what stop_share stopped",
      explanation: """
        The file has to lie where it lay, unchanged. Of a directory, all that was
        stopped below it.
        """
    ) { arguments throws(Failure) in .startShare(try arguments.group(0), arguments.word(1)) },
    CommandWord(
      name: "link", parameters: [.required("group"), .required("file")],
      summary: "names a content, for 'fetch'",
      explanation: """
        The link says the group, the content's identity and size, and the file's name.
        Of a directory, a line for each file below it.
        """
    ) { arguments throws(Failure) in .link(try arguments.group(0), arguments.word(1)) },
    CommandWord(
      name: "fetch", parameters: [.required("link"), .optional("destination")],
      summary: "downloads by a link",
      explanation: """
        The content has to lie in the group still, under whichever name. Without a
        destination it goes into this directory under the name that it has there.
        """
    ) { arguments throws(Failure) in .fetch(arguments.word(0), destination: arguments.optional(1)) },
    CommandWord(
      name: "peers", parameters: [.optionalPair("group", "file")],
      summary: "lists connected peers, or who has how much of a file",
      explanation: """
        A line each: <user> <address> <sent> <received>, or <user> <pieces> for a file.
        """
    ) { arguments throws(Failure) in
      guard arguments.count != 1 else {
        throw .usage("peers lacks <file>: usage is 'peers' alone or 'peers <group> <file>'")
      }
      return .peers(arguments.count > 0 ? try arguments.group(0) : nil, arguments.optional(1))
    },
  ]

  fileprivate static let daemons: [CommandWord] = [
    CommandWord(
      name: "mount", parameters: [.required("dir")], flags: ["-f"],
      summary: "shows your groups as directories, and shares meanwhile",
      explanation: """
        Returns when the directory can be used; -f stays in the foreground. Options
        behind -o, parted by commas: allow_other, ro, show_control (lists .requests,
        .members and .shares in each group), libfuse's own, and those of p2pfs without
        their dashes, such as state=DIR or metrics=IP:PORT. --user U logs in first.
        --metrics IP:PORT shows what the daemon counts at http://IP:PORT/metrics, to
        Prometheus and whoever else reaches it: take 127.0.0.1, or what you trust.
        """
    ) { arguments throws(Failure) in .mount(try arguments.directory(0), staysHere: arguments.has("-f")) },
    CommandWord(
      name: "unmount", parameters: [.required("dir")],
      summary: "unmounts, after what is being published is published",
      explanation: "Programs that use the directory keep it mounted: they are named."
    ) { arguments throws(Failure) in .unmount(try arguments.directory(0)) },
    CommandWord(
      name: "sync", summary: "waits until everything closed is published",
      explanation: "What cannot be published now, because no tracker answers, ends it with 75."
    ) { _ throws(Failure) in .sync },
    CommandWord(
      name: "serve", summary: "shares and fetches, without a mount",
      explanation: """
        Stays in the foreground until SIGINT or SIGTERM. Commands that are given
        meanwhile with the same state directory are carried out by it.
        --metrics IP:PORT shows what it counts at http://IP:PORT/metrics, to Prometheus
        and whoever else reaches it: take 127.0.0.1, or what you trust.
        """
    ) { _ throws(Failure) in .serve },
    CommandWord(
      name: "console", parameters: [.optional("IP:PORT"), .optional("tracker_info.txt")],
      summary: "takes commands at a prompt, and shares meanwhile",
      explanation: "'p2pfs IP:PORT tracker_info.txt' starts it too. 'quit' leaves it."
    ) { arguments throws(Failure) in
      .console(listen: arguments.optional(0), tracker: arguments.optional(1))
    },
    CommandWord(name: "quit", summary: "leaves the console", explanation: "Sharing ends with it.") {
      _ throws(Failure) in .quit
    },
  ]

  fileprivate static let others: [CommandWord] = [
    CommandWord(
      name: "status", flags: ["--json"], summary: "says who you are, which trackers answer, what flows",
      explanation: """
        On a terminal a page: transfers with their progress, and which peer sends and
        gets what. Into a pipe a key and its value a line: user, login, a line for each
        tracker, authority, state, daemon, and so on. With --json one JSON object.
        """
    ) { arguments throws(Failure) in .status(json: arguments.has("--json")) },
    CommandWord(
      name: "top", flags: ["--once"], summary: "shows transfers and peers, again each second",
      explanation: """
        q or Ctrl-C ends it, s sorts, Tab goes to the other table, arrows and pages
        scroll. With --once, or into a pipe, one picture and no keys. Where the daemon
        ends meanwhile, it waits for the next one.
        """
    ) { arguments throws(Failure) in .top(once: arguments.has("--once")) },
    CommandWord(
      name: "doctor", summary: "looks what is wrong, and says what to do about it",
      explanation: """
        FUSE, permissions, the login, trackers, clocks, ports, room for the cache,
        mounts that were left behind. Needs no daemon and no login, and changes
        nothing; give it the options that you give to the daemon. A line each: ok,
        info, warning or problem, and the remedy beneath. Exit 0 where nothing is a
        problem, 69 where all that is wrong is out of reach, else 78.
        """
    ) { _ throws(Failure) in .doctor },
    CommandWord(
      name: "help", parameters: [.optional("command")], summary: "lists the commands, or explains one",
      explanation: "The same as 'p2pfs COMMAND --help'."
    ) { arguments throws(Failure) in .help(topic: arguments.optional(0)) },
    CommandWord(
      name: "version", summary: "says which version this is", explanation: "The same as 'p2pfs --version'."
    ) { _ throws(Failure) in .version },
  ]
}
