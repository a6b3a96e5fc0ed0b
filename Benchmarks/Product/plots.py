"""Pictures of figures, as SVG: bars, and spans on a logarithmic scale. The same figures give the same bytes.

Nothing is drawn behind them, and all colours are of middle lightness, so they can be read on a light page and on a
dark one.
"""

import math
from dataclasses import dataclass
from html import escape

WIDTH = 720
MARGIN = 16
HEAD = 60
ROW = 30
BAR = 18
CHARACTER = 6.9
BOLD_CHARACTER = 8.1
VALUE_SPACE = 76

ACCENT = "#2f81f7"
OTHER = "#87909a"
TEXT = "#727b85"
ON_BAR = "#ffffff"

STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:" + TEXT + "}"
    ".title{font-size:16px;font-weight:600}.ours{fill:" + ACCENT + ";font-weight:600}.small{font-size:11px}")


@dataclass
class Bar:
    """The median, as it is to be read, and from where to where the rounds went."""

    label: str
    value: float
    words: str
    low: float | None = None
    high: float | None = None
    is_ours: bool = False

    @property
    def has_spread(self):
        return self.low is not None and self.high is not None and self.high > self.low


@dataclass
class Span:
    """What half of the reads take at most, and what 99 of 100 do."""

    label: str
    median: float
    late: float
    words: str
    is_ours: bool = False


def bars(title, unit, rows):
    left = label_width(rows)
    right = WIDTH - MARGIN - VALUE_SPACE
    most = max(max(bar.value, bar.high or 0) for bar in rows) or 1

    def x(value):
        return left + (right - left) * value / most

    parts = []
    for row, bar in enumerate(rows):
        middle = HEAD + ROW * row + ROW / 2
        parts.append(label(bar, left, middle))
        parts.append(
            f'<rect x="{dot(left)}" y="{dot(middle - BAR / 2)}" width="{dot(max(x(bar.value) - left, 1))}" '
            f'height="{BAR}" rx="2" fill="{colour(bar)}"/>')
        end = x(bar.value)
        if bar.has_spread:
            parts.append(whisker(x(bar.low), end, x(bar.high), middle))
            end = x(bar.high)
        parts.append(value(bar, end + 8, middle))
    if any(bar.has_spread for bar in rows):
        unit += "; the thin line: from the lowest round to the highest"
    return picture(title, unit, parts, HEAD + ROW * len(rows) + MARGIN)


def spans(title, unit, rows):
    left = label_width(rows)
    right = WIDTH - MARGIN - VALUE_SPACE - 50
    first = math.floor(math.log10(min(span.median for span in rows)))
    last = max(first + 1, math.ceil(math.log10(max(span.late for span in rows))))
    bottom = HEAD + ROW * len(rows)

    def x(value):
        return left + 8 + (right - left - 8) * (math.log10(value) - first) / (last - first)

    parts = [tick(x(10.0**power), f"{10.0**power:g}", bottom) for power in range(first, last + 1)]
    for row, span in enumerate(rows):
        middle = HEAD + ROW * row + ROW / 2
        parts.append(label(span, left, middle))
        parts.append(line(x(span.median), middle, x(span.late), middle, colour(span), 3))
        parts.append(f'<circle cx="{dot(x(span.median))}" cy="{dot(middle)}" r="6" fill="{colour(span)}"/>')
        parts.append(line(x(span.late), middle - 7, x(span.late), middle + 7, colour(span), 3))
        parts.append(value(span, x(span.late) + 10, middle))
    return picture(title, unit, parts, bottom + 18 + MARGIN)


def picture(title, unit, parts, height):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>", text(title, MARGIN, 24, 'class="title"'), text(unit, MARGIN, 44, ""), *parts,
        "</svg>", ""])


def label_width(rows):
    return MARGIN + max(len(row.label) * (BOLD_CHARACTER if row.is_ours else CHARACTER) for row in rows) + 10


def label(row, left, middle):
    words = 'class="ours" ' if row.is_ours else ""
    return text(row.label, left - 10, middle + 4.5, f'{words}text-anchor="end"')


def value(row, x, middle):
    return text(row.words, x, middle + 4.5, 'class="ours"' if row.is_ours else "")


def colour(row):
    return ACCENT if row.is_ours else OTHER


def whisker(low, end, high, middle):
    """Seen on the bar, and beyond its end."""
    return "".join([
        line(low, middle, end, middle, ON_BAR, 1.5), line(low, middle - 4, low, middle + 4, ON_BAR, 1.5),
        line(end, middle, high, middle, TEXT, 1.5), line(high, middle - 4, high, middle + 4, TEXT, 1.5)])


def tick(x, words, bottom):
    return (
        f'<line x1="{dot(x)}" y1="{HEAD}" x2="{dot(x)}" y2="{dot(bottom)}" stroke="{TEXT}" stroke-opacity="0.3"/>'
        + text(words, x, bottom + 15, 'class="small" text-anchor="middle"'))


def line(x1, y1, x2, y2, stroke, width):
    return (
        f'<line x1="{dot(x1)}" y1="{dot(y1)}" x2="{dot(x2)}" y2="{dot(y2)}" stroke="{stroke}" '
        f'stroke-width="{width}" stroke-linecap="round"/>')


def text(words, x, y, attributes):
    return f'<text x="{dot(x)}" y="{dot(y)}" {attributes}>{escape(words)}</text>'


def dot(number):
    return f"{number:.1f}"
