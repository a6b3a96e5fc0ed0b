// Why the tracker does not start, or does not go on: one line for a person, one exit code of sysexits (SPEC 2).

enum Failure: Error, Equatable {
  case usage(String)
  case configuration(String)
  case unavailable(String)
  case disk(String)

  var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .unavailable: 69
    case .disk: 74
    case .configuration: 78
    }
  }

  var sentence: String {
    switch self {
    case .usage(let text), .configuration(let text), .unavailable(let text), .disk(let text):
      "tracker: \(text)"
    }
  }
}
