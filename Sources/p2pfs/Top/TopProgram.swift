// `top`: what the daemon does, drawn anew each second until somebody has seen enough.

import Glibc
import GroupModel
import Link

enum TopProgram {
  /// A daemon that is gone at the start is told and not waited for: the state directory may be a wrong one.
  static func run(_ options: Options, once: Bool) throws(Failure) {
    let state = try options.stateDirectory()
    let model = TopModel(try DaemonCall.report(in: state), at: .now)
    if once || isatty(STDOUT_FILENO) == 0 { return try showOnce(model) }
    guard let screen = FullScreen() else {
      throw .usage("there is no terminal to draw on: look once with 'p2pfs top --once'")
    }
    TopLoop(screen, ReportFeed(of: state), model).run()
  }

  private static let pipeColumns = 132

  private static func showOnce(_ model: TopModel) throws(Failure) {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let look = isTerminal ? Look(of: .ofProcess) : .plain
    // A pipe has no width of its own.
    let columns = isTerminal ? TerminalWidth.columns : pipeColumns
    let output = OutputStream(STDOUT_FILENO)
    for line in TopFrame.whole(model, columns: columns, look) { try output.write(line.painted(look) + "\n") }
    try output.flush()
  }
}

/// Waits for keys, signals and reports at once, and draws after each.
private final class TopLoop {
  /// After so long without a report it is said that there is none.
  private static let patienceMilliseconds = 3_000

  private let screen: FullScreen
  private let feed: ReportFeed
  private let signals = ScreenSignals()
  private let look = Look(of: .ofProcess)
  private var keys = KeyReader()
  private var model: TopModel
  private var view = TopView()
  private var lastHeard = Instant.now
  private var isOver = false

  init(_ screen: FullScreen, _ feed: ReportFeed, _ model: TopModel) {
    self.screen = screen
    self.feed = feed
    self.model = model
  }

  func run() {
    feed.start()
    while !isOver {
      draw()
      wait()
    }
    screen.leave()
  }

  private func wait() {
    let out = screen.wantsToWrite ? POLLOUT : 0
    var watched = [
      pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: feed.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: screen.isEntered ? screen.descriptor : -1, events: Int16(POLLIN | out), revents: 0),
    ]
    guard poll(&watched, 3, 1_000) > 0 else { return noteSilence() }
    while let number = signals.next(), !isOver { take(signal: number) }
    if watched[1].revents != 0 { takeNews() }
    let terminal = Int32(watched[2].revents)
    if terminal & POLLOUT != 0 { screen.goOnWriting() }
    if terminal & POLLIN != 0 {
      for key in keys.take(screen.typed()) where !view.press(key) { isOver = true }
    } else if terminal & (POLLHUP | POLLERR) != 0 {
      end(by: SIGHUP)
    }
  }

  private func draw() {
    // A shell that brings back a job which went on in the background says nothing to it.
    if !screen.isEntered { comeBack() }
    guard screen.isEntered else { return }
    let (columns, rows) = screen.size
    let frame = TopFrame(model, view, columns: columns, rows: rows, look)
    view = frame.view
    screen.draw(frame.lines, columns: columns, look)
  }
}

// What happens.
extension TopLoop {
  private func take(signal number: Int32) {
    switch number {
    case SIGWINCH: break
    case SIGINT: isOver = true
    case SIGTSTP:
      screen.leave()
      signals.stopHere()
      comeBack()
    case SIGCONT: comeBack()
    default: end(by: number)
    }
  }

  /// In the background it waits until it is brought to the front.
  private func comeBack() {
    if screen.isOurs { screen.enter() }
  }

  private func end(by number: Int32) -> Never {
    screen.leave()
    signals.die(of: number)
  }

  private func takeNews() {
    switch feed.take() {
    case .report(let status, let time)?: model.hear(status, at: time)
    case .noDaemon?: model.lose()
    case nil: return
    }
    lastHeard = .now
  }

  private func noteSilence() {
    let silent = Instant.now.milliseconds(after: lastHeard)
    if silent > Self.patienceMilliseconds { model.daemon = .isSilent(silent / 1000) }
  }
}
