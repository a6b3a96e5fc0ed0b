// A program that is refused gets a number; people find the reason in words in `.log`.

internal import GroupModel
internal import Swarm

extension Tree {
  /// What is tried, with a name in a directory.
  package func telling<Result>(
    _ attempt: String, _ name: [UInt8], in directory: NodeNumber, _ body: () throws(TreeError) -> Result
  ) throws(TreeError) -> Result {
    do throws(TreeError) { return try body() } catch {
      if error.isWorthTelling { note(attempt, words(for: name, in: directory), error) }
      throw error
    }
  }

  /// What is tried with something that has a node.
  package func telling<Result>(
    _ attempt: String, _ number: NodeNumber, _ body: () throws(TreeError) -> Result
  ) throws(TreeError) -> Result {
    do throws(TreeError) { return try body() } catch {
      tell(attempt, number, error)
      throw error
    }
  }

  fileprivate func tell(_ attempt: String, _ number: NodeNumber, _ error: TreeError) {
    if error.isWorthTelling, let node = try? node(number) { note(attempt, words(for: node), error) }
  }

  private func note(_ attempt: String, _ what: String, _ error: TreeError) {
    volume.events.noteUnlessJustSaid("\(attempt) \(what): \(sentence(of: error))")
  }

  private func sentence(of error: TreeError) -> String {
    guard error == .noTracker, let change = volume.line.authorityChange else { return error.sentence }
    return change.sentence
  }

  private func words(for name: [UInt8], in directory: NodeNumber) -> String {
    guard let spot = try? spot(name, in: directory), let group = volume.book.groups[spot.group] else {
      return Printable.escaped(name)
    }
    return "\(group)/\(Printable.escaped(spot.path.bytes))"
  }
}

extension OpenFile {
  package func telling(_ attempt: String, _ error: TreeError) -> TreeError {
    tree.tell(attempt, node, error)
    return error
  }
}

extension TreeError {
  /// The others say all there is to say by their number alone, and programs try them all the time.
  fileprivate var isWorthTelling: Bool {
    switch self {
    case .notPermitted, .denied, .invalid, .pathTooLong, .tooLarge, .full, .noTracker, .notNow, .refused,
      .disk, .state:
      true
    default: false
    }
  }
}
