#!/usr/bin/env python3
"""Makes p2pfs-protocol(7) from PROTOCOL.md, so that there is one text. Reads just as much Markdown as that page uses:
headings, paragraphs, lists, tables; code, bold and italic words. Anything else ends it with a sentence.

usage: protocol-page.py PROTOCOL.md > p2pfs-protocol.7
"""

import re
import sys

HEAD = """'\\" t
.\\" Made from PROTOCOL.md by Packaging/protocol-page.py: change it there.
.TH P2PFS\\-PROTOCOL 7 "" p2pfs "Miscellaneous Information Manual"
.SH NAME
p2pfs\\-protocol \\- every byte between two programs of a p2pfs network
.ad l"""

# What a column keeps when its words are folded.
FOLDED_MIN = 15
# What a terminal of 80 columns has beside man's margins.
LINE_MAX = 71
STARTS = re.compile(r"(#{1,6} |\* |\|)")


def plain(text):
    """Words as roff reads them."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    return text.replace("`", "\\`").replace("'", "\\(aq")


def inline(text):
    """Code and bold words are bold, italic ones italic; between backquotes stars are stars."""
    parts = re.split(r"(`[^`]+`|\*\*[^*]+\*\*|\*[^*\s][^*]*\*)", text)
    result = ""
    for part in parts:
        if part.startswith("`") and part.endswith("`") and len(part) > 2:
            result += "\\fB" + plain(part[1:-1]) + "\\fR"
        elif part.startswith("**"):
            result += "\\fB" + plain(part[2:-2]) + "\\fR"
        elif part.startswith("*") and len(part) > 2:
            result += "\\fI" + plain(part[1:-1]) + "\\fR"
        else:
            result += plain(part)
    return "\\&" + result if result[:1] in (".", "'", "\\") else result


def unfolded(head, body):
    """A head that says the same several times makes one long table of what stood beside each other."""
    for count in range(1, len(head)):
        times = len(head) // count
        if head == head[:count] * times:
            return head[:count], [row[at * count : (at + 1) * count] for at in range(times) for row in body]
    return head, body


def folded(widths):
    """As few columns as can be, the widest first; what room is left is theirs."""
    folds = [False] * len(widths)
    for column in sorted(range(len(widths)), key=lambda column: -widths[column]):
        room = sum(FOLDED_MIN if fold else width for fold, width in zip(folds, widths)) + 3 * len(widths)
        if room <= LINE_MAX or widths[column] <= FOLDED_MIN:
            break
        folds[column] = True
    return folds


def table(rows):
    cells = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows]
    head, ruler, body = cells[0], cells[1], cells[2:]
    if not all(re.fullmatch(r":?-+:?", cell) for cell in ruler):
        sys.exit(f"protocol-page: a table without a line of dashes below its head: {rows[0]}")
    if any(len(row) != len(head) for row in cells):
        sys.exit(f"protocol-page: a table whose lines differ in their number of cells: {rows[0]}")
    head, body = unfolded(head, body)
    widths = [max(len(row[column]) for row in [head] + body) for column in range(len(head))]
    folds = folded(widths)
    # The paragraph ends what indentation there was.
    yield ".PP\n.TS"
    yield " ".join("lB" for _ in head)
    yield " ".join("lx" if fold else "l" for fold in folds) + "."
    if any(head):
        yield "\t".join(inline(cell) for cell in head)
    for row in body:
        yield "\t".join(
            "T{\n" + inline(cell) + "\nT}" if fold and cell else inline(cell) for cell, fold in zip(row, folds))
    yield ".TE"


def blocks(lines):
    """Paragraphs, items and tables, each with the lines that belong to it."""
    block = []
    for line in lines + [""]:
        begins = STARTS.match(line)
        goes_on = block and line.strip() and not begins
        if block and (goes_on or (line.startswith("|") and block[0].startswith("|"))):
            block.append(line)
            continue
        if block:
            yield block
        block = [line] if line.strip() else []
    if block:
        yield block


def page(text):
    yield HEAD
    yield ".SH DESCRIPTION"
    for block in blocks(text.split("\n")):
        first = block[0]
        whole = " ".join(line.strip() for line in block)
        if first.startswith("```") or first.startswith("    ") or re.match(r"\d+\. ", first):
            sys.exit(f"protocol-page: it does not know what this is: {first}")
        if first.startswith("# "):
            continue
        if first.startswith("## "):
            yield '.SH "' + plain(first[3:].upper()) + '"'
        elif first.startswith("### "):
            yield '.SS "' + plain(first[4:]) + '"'
        elif first.startswith("|"):
            yield from table(block)
        elif first.startswith("* "):
            yield ".IP \\(bu 2\n" + inline(whole[2:])
        else:
            yield ".PP\n" + inline(whole)
    yield '.SH "SEE ALSO"\n.BR p2pfs (1),\n.BR tracker (8)'


if len(sys.argv) != 2:
    sys.exit("usage: protocol-page.py PROTOCOL.md")
with open(sys.argv[1], encoding="utf-8") as source:
    print("\n".join(page(source.read())))
