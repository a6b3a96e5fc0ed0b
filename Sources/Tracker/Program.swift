// Builds everything and hands it over; begins, stands by and ends.

import Catalog
import Glibc
import GroupModel
import Link

@main
enum Program {
  static func main() {
    // Before any thread is made, so that all of them leave the signals to the main thread.
    let stops = StopRequests()
    do throws(Failure) {
      switch try Arguments.parse(Array(CommandLine.arguments.dropFirst()), environment: environment) {
      case .show(let text): print(text)
      case .serve(let arguments):
        try TrackerProcess(arguments).run(until: stops)
        // Passwords may still be hashed: OpenSSL must not take itself apart under those threads.
        _exit(0)
      }
    } catch {
      let prefix = Journal.isStandardError ? Importance.error.prefix : ""
      writeLine(prefix + Printable.escaped(error.sentence), to: 2)
      exit(error.exitCode)
    }
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
