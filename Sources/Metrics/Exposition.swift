// What Prometheus reads: the text format of its exposition, version 0.0.4. Text from values, and nothing else.
//
// A label says one of a few things that are known beforehand. Names of users, groups and files are none of them: they
// are nobody's business here, and each would be a series of its own for ever.

package import Link

package struct Exposition: Sendable {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package private(set) var text = ""

  package init() {}

  /// One series of a family: what its labels say, and its value.
  package struct Sample {
    fileprivate let labels: [(name: String, value: String)]
    fileprivate let value: Double

    package init(_ labels: [(name: String, value: String)], _ value: Double) {
      self.labels = labels
      self.value = value
    }
  }
}

// One value.
extension Exposition {
  package mutating func gauge(_ name: String, _ help: String, _ value: Double) {
    gauge(name, help, [Sample([], value)])
  }

  package mutating func gauge(_ name: String, _ help: String, _ value: Int) {
    gauge(name, help, Double(value))
  }

  package mutating func counter(_ name: String, _ help: String, _ value: Double) {
    counter(name, help, [Sample([], value)])
  }

  package mutating func counter(_ name: String, _ help: String, _ value: Int) {
    counter(name, help, Double(value))
  }

  package mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
    begin(name, help, "histogram")
    append(histogram, name, [])
  }
}

// Several, told apart by labels.
extension Exposition {
  package mutating func gauge(_ name: String, _ help: String, _ samples: [Sample]) {
    begin(name, help, "gauge")
    for sample in samples { append(name, sample.labels, sample.value) }
  }

  package mutating func counter(_ name: String, _ help: String, _ samples: [Sample]) {
    begin(name, help, "counter")
    for sample in samples { append(name, sample.labels, sample.value) }
  }

  package mutating func gauge(
    _ name: String, _ help: String, by label: String, _ values: KeyValuePairs<String, Int>
  ) {
    gauge(name, help, values.map { Sample([(label, $0.key)], Double($0.value)) })
  }

  package mutating func counter(
    _ name: String, _ help: String, by label: String, _ values: KeyValuePairs<String, Int>
  ) {
    counter(name, help, values.map { Sample([(label, $0.key)], Double($0.value)) })
  }

  package mutating func counter<Kind>(
    _ name: String, _ help: String, by label: String, _ tallies: Each<Kind, Tally>
  ) {
    counter(name, help, tallies.named.map { Sample([(label, $0.name)], Double($0.counted.total)) })
  }

  package mutating func histogram<Kind>(
    _ name: String, _ help: String, by label: String, _ histograms: Each<Kind, Histogram>
  ) {
    begin(name, help, "histogram")
    for (value, histogram) in histograms.named { append(histogram, name, [(label, value)]) }
  }
}

// The lines.
extension Exposition {
  private mutating func begin(_ name: String, _ help: String, _ type: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(type)\n"
  }

  private mutating func append(_ name: String, _ labels: [(name: String, value: String)], _ value: Double) {
    text += name
    if !labels.isEmpty {
      let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
      text += "{\(pairs.joined(separator: ","))}"
    }
    text += " \(Self.number(value))\n"
  }

  /// Each bucket counts what the smaller ones do, too.
  private mutating func append(
    _ histogram: Histogram, _ name: String, _ labels: [(name: String, value: String)]
  ) {
    let bounds = Histogram.boundsNanoseconds.map { Double($0) / 1_000_000_000 } + [.infinity]
    var sum = 0
    for (bound, count) in zip(bounds, histogram.counts) {
      sum += count
      append("\(name)_bucket", labels + [("le", Self.number(bound))], Double(sum))
    }
    append("\(name)_sum", labels, histogram.sumSeconds)
    append("\(name)_count", labels, Double(sum))
  }

  static func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Whole numbers as such, as far as a Double tells them apart.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int(exactly: value).map { "\($0)" } ?? "\(value)"
  }
}
