// Where commands come in, and where their answers go out.

/// One of them: the shell, the console, a control file.
protocol Door {
  func show(_ answer: Answer) throws(Failure)
  /// For those who watch; a pipe is not told.
  func show(_ progress: Progress)
}

extension Door {
  func show(_ progress: Progress) {}
}
