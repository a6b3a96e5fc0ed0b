// What a misspelt word was probably meant to be.

enum Spelling {
  /// nil where nothing is near: a wild guess helps nobody.
  static func nearest(to word: String, among candidates: [String]) -> String? {
    let typed = folded(word)
    guard (1...32).contains(typed.count) else { return nil }
    let ranked = candidates.map { (name: $0, distance: distance(typed, folded($0))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    // Every letter is one change away from every other.
    return best.distance <= max(1, typed.count / 4) && best.distance < typed.count ? best.name : nil
  }

  /// `List-Groups` and `listgroups` are list_groups.
  private static func folded(_ word: String) -> [UInt8] {
    word.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
  }

  /// Letters left out, put in or changed, and neighbours that changed places, each counted once.
  private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
    var rows = [Array(0...other.count)]
    for i in one.indices {
      var row = [i + 1]
      for j in other.indices {
        let change = rows[i][j] + (one[i] == other[j] ? 0 : 1)
        var best = min(rows[i][j + 1] + 1, row[j] + 1, change)
        if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[one.count][other.count]
  }
}
