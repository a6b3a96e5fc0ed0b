// Asks the daemon each second how it goes, on a thread of its own: a daemon that does not answer holds up no key.

import CLinux
import Glibc
import Link
import Synchronization

/// ## Concurrency model
/// One thread asks; whoever polls `descriptor` takes what there is.
final class ReportFeed: Sendable {
  private static let pauseMilliseconds = 1_000

  enum News: Sendable {
    case report(Status, at: Instant)
    case noDaemon
  }

  /// Readable when there is something new.
  let descriptor = p2pfs_eventfd_create()
  private let state: String
  private let news = Mutex<News?>(nil)

  init(of state: String) { self.state = state }

  func start() {
    WorkerThread("reports") { [self] in
      while true {
        let begun = Instant.now
        if let heard = ask() { tell(heard) }
        let spent = Instant.now.milliseconds(after: begun)
        usleep(UInt32(max(100, Self.pauseMilliseconds - spent)) * 1_000)
      }
    }.detach()
  }

  func take() -> News? {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
    return news.withLock { news in
      defer { news = nil }
      return news
    }
  }

  private func tell(_ heard: News) {
    news.withLock { $0 = heard }
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  /// nil for a daemon that does not answer: whoever hears nothing counts the seconds.
  private func ask() -> News? {
    do throws(Failure) {
      return .report(try DaemonCall.report(in: state), at: .now)
    } catch .daemonSilent {
      return nil
    } catch {
      return .noDaemon
    }
  }
}
