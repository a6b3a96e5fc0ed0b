"""The tables that the benches print, read again: so what is drawn is what is written."""

import re
from dataclasses import dataclass


@dataclass
class Cell:
    """`374 (308 to 544)`: a median as it was written, and from where to where."""

    words: str
    value: float
    low: float | None = None
    high: float | None = None

    @staticmethod
    def of(words):
        """Nothing where there is no figure."""
        found = re.match(r"([\d,.]+)(?: \(([\d,.]+) to ([\d,.]+)\))?", words)
        if not found:
            return None
        figures = [float(part.replace(",", "")) if part else None for part in found.groups()]
        return Cell(grouped(found.group(1)), *figures)


def grouped(words):
    """`23994` as `23,994`."""
    return f"{int(words):,}" if words.isdigit() else words


class Table:
    def __init__(self, lines):
        cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
        self.head, self.rows = cells[0], cells[2:]

    def cell(self, row, column):
        """Of the first row that begins so, in the column of that name; nothing where one is missing or empty."""
        if column not in self.head:
            return None
        for cells in self.rows:
            if cells[0].startswith(row):
                place = self.head.index(column)
                return Cell.of(cells[place]) if place < len(cells) else None
        return None


def tables(text):
    found, lines = [], []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            lines.append(line)
        elif lines:
            found.append(Table(lines))
            lines = []
    return found


class Tables:
    """All of a report; each is named by how its head begins."""

    def __init__(self, text):
        self.all = tables(text)

    def cell(self, table, row, column):
        for candidate in self.all:
            if candidate.head[0].startswith(table):
                return candidate.cell(row, column)
        return None
