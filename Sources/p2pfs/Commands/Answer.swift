// What a command says when it succeeds, piece by piece, so that a list of any length is never held whole.
// How it looks is for the door to decide.

enum Answer: Hashable, Sendable {
  /// A sentence or a line of text.
  case line(String)
  /// Who somebody is and how it goes.
  case status(Status)
  /// The rows after it are of this table.
  case table([Column])
  /// One field a column; the door writes them as they are, so names from outside come escaped.
  case row([String])

  struct Column: Hashable, Sendable {
    let title: String
    let isNumber: Bool

    init(_ title: String, isNumber: Bool = false) {
      self.title = title
      self.isNumber = isNumber
    }
  }
}
