// What `.help` in a mount says.

enum ControlHelp {
  static let text = """
    p2pfs: each directory here is a group that you are in. Copying a file into it shares it,
    reading a file in it fetches just the bytes that are read.

      mkdir GROUP                     makes a group
      echo GROUP > .join              asks to join one; 'cat .join' lists what you asked for
      echo GROUP > .leave             leaves one; so does rmdir, where it holds no files
      cat .groups                     every group: name, owner, your state, members, files
      cat .downloads                  [D] for what is being fetched, [C] for what is complete
      echo 'start GROUP FILE' > .downloads    fetches a whole file in the background
      echo 'stop GROUP FILE' > .downloads     stops that
      cat .status                     who you are, trackers, peers, cache, transfers; JSON
      cat .log                        what happened lately, and why a write was refused

    In the directory of each group, though 'ls -a' does not list them:

      cat GROUP/.requests             who asks to join; its owner writes there
                                      'accept USER' or 'reject USER'
      cat GROUP/.members              who is in it; its owner may write 'remove USER'
      cat GROUP/.shares               what you share of it; write 'stop FILE' or 'start FILE'

    A write ends when the tracker has answered: the exit status of echo tells. 'p2pfs help'
    lists the same as commands.

    """
}
