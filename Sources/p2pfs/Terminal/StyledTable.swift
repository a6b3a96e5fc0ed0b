// A table for a terminal of any width: columns as wide as what is in them; where there is no room, names are cut, and
// what matters least is left out.

struct StyledTable: Sendable {
  struct Column: Sendable {
    var title: String
    var isNumber = false
    /// Where there is no room, the column with the least goes first.
    var importance = 0
    /// It may be cut to so many cells before others go; nil for one that cannot be cut.
    var minimum: Int?
    var keepsEnd = false
  }

  private static let gap = 2

  private var columns: [Column]
  var rows: [[StyledLine]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// With another word over its first column.
  func titled(_ title: String) -> StyledTable {
    var table = self
    table.columns[0].title = title
    return table
  }

  /// What it takes where there is room.
  var naturalWidth: Int { columns.indices.reduce(-Self.gap) { $0 + natural($1) + Self.gap } }

  /// The head first. None is wider than `width`.
  func lines(width: Int) -> [StyledLine] {
    let layout = layout(width)
    let head = columns.map { StyledLine($0.title) }
    return ([head] + rows).map { line($0, layout).cut(to: width) }
  }

  /// The columns that stay, each with its cells.
  private func layout(_ width: Int) -> [(index: Int, cells: Int)] {
    var layout = columns.indices.map { (index: $0, cells: natural($0)) }
    while true {
      let excess = layout.reduce(-Self.gap) { $0 + $1.cells + Self.gap } - width
      guard excess > 0 else { return layout }
      if shrink(&layout, by: excess) { continue }
      guard layout.count > 1,
        let least = layout.indices.min(by: { importance(layout[$0]) < importance(layout[$1]) })
      else { return layout }
      layout.remove(at: least)
      // What was cut for the sake of the one that has gone may be whole again.
      for place in layout.indices { layout[place].cells = natural(layout[place].index) }
    }
  }

  private func natural(_ index: Int) -> Int {
    rows.reduce(DisplayWidth.of(columns[index].title)) { max($0, $1[index].width) }
  }

  private func importance(_ place: (index: Int, cells: Int)) -> Int { columns[place.index].importance }

  /// false where that is not enough.
  private func shrink(_ layout: inout [(index: Int, cells: Int)], by excess: Int) -> Bool {
    let spare = layout.map { place in columns[place.index].minimum.map { max(0, place.cells - $0) } ?? 0 }
    guard spare.reduce(0, +) >= excess else { return false }
    var rest = excess
    // The longest gives most.
    for place in layout.indices.sorted(by: { spare[$0] > spare[$1] }) {
      let cut = min(rest, spare[place])
      layout[place].cells -= cut
      rest -= cut
    }
    return true
  }

  private func line(_ cells: [StyledLine], _ layout: [(index: Int, cells: Int)]) -> StyledLine {
    var line = StyledLine()
    for (number, place) in layout.enumerated() {
      let column = columns[place.index]
      let cell = cells[place.index].cut(to: place.cells, keepingEnd: column.keepsEnd)
      if number > 0 { line += .blanks(Self.gap) }
      let isLast = number == layout.count - 1
      line += isLast && !column.isNumber ? cell : cell.padded(to: place.cells, isNumber: column.isNumber)
    }
    return line
  }
}
