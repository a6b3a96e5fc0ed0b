"""Which pictures are drawn, and of which cells of the tables."""

from dataclasses import dataclass

from plots import Bar, Span, bars, spans


@dataclass
class Place:
    """Where a figure stands, and what it is called beside its bar."""

    label: str
    table: str
    row: str
    column: str


@dataclass
class Bars:
    bench: str
    file: str
    title: str
    unit: str
    places: list[Place]

    def draw(self, tables):
        rows = []
        for place in self.places:
            cell = tables.cell(place.table, place.row, place.column)
            if cell:
                rows.append(Bar(place.label, cell.value, cell.words, cell.low, cell.high, is_ours(place.label)))
        return bars(self.title, self.unit, rows) if tells_something(rows) else None


@dataclass
class Spans:
    bench: str
    file: str
    title: str
    unit: str
    places: list[Place]
    late_row: str

    def draw(self, tables):
        rows = []
        for place in self.places:
            median, late = (tables.cell(place.table, row, place.column) for row in (place.row, self.late_row))
            if median and late:
                words = f"{median.words} / {late.words}"
                rows.append(Span(place.label, median.value, late.value, words, is_ours(place.label)))
        return spans(self.title, self.unit, rows) if tells_something(rows) else None


def is_ours(label):
    return label.startswith("p2pfs")


def tells_something(rows):
    """One figure alone, or those of others alone, are no picture."""
    return len(rows) > 1 and any(row.is_ours for row in rows)


def by_row(table, column, labels):
    return [Place(label, table, row, column) for label, row in labels.items()]


def by_column(table, row, labels):
    return [Place(label, table, row, column) for label, column in labels.items()]


NEAR, FAR, BESIDE = "a mount over loopback", "links of 20 ms and 100 Mbit/s for each seed, 128 MiB", "beside them"
HANDED = "from cp at one member"
MOUNTS = {"p2pfs": "p2pfs", "sshfs": "sshfs", "rclone": "rclone", "btfs": "btfs, 1 seed"}
LATE = "the same, 99 of 100"

HALF = "ms, less is better; the dot: half of the reads, the stroke: 99 of 100; logarithmic"

ALL = [
    Bars("tracker", "decisions", "Durable decisions of a tracker", "a second, more is better", [
        *by_row("what", "figure", {
            "p2pfs, one member, one at a time": "durable decisions a second, one at a time",
            "p2pfs, 64 members at once": "64 members at once, each waiting",
            "p2pfs, 64 members, 32 under way each": "64 members at once, 32 under way",
            "write and fdatasync alone": "write and fdatasync"})]),
    Bars("swarm", "download", "A whole file over loopback", "MB/s, more is better", [
        *by_row("loopback, ", "MB/s", {
            "p2pfs, 1 seed": "p2pfs, 1 seed", "p2pfs, 4 seeds": "p2pfs, 4 seeds",
            "curl from nginx, TLS 1.3, unverified": "curl, nginx",
            "libtorrent in the clear, 1 seed": "libtorrent in the clear, 1 seed",
            "libtorrent in the clear, 4 seeds": "libtorrent in the clear, 4 seeds",
            "libtorrent RC4, 1 seed": "libtorrent RC4, 1 seed",
            "libtorrent RC4, 4 seeds": "libtorrent RC4, 4 seeds"})]),
    Bars("swarm", "four-links", "A whole file over links of 20 ms, 100 Mbit/s for each seed",
         "MB/s, more is better; four links carry 47.6 at most", [
        *by_row(FAR, "MB/s", {
            "p2pfs, 4 seeds": "p2pfs, 4 seeds", "libtorrent in the clear, 4 seeds": "libtorrent in the clear, 4 seeds",
            "libtorrent RC4, 4 seeds": "libtorrent RC4, 4 seeds", "p2pfs, 1 seed": "p2pfs, 1 seed",
            "curl from nginx": "curl, nginx"})]),
    Bars("mount", "first-byte", "From the start of the program to the first byte, at 20 ms", "ms, less is better", [
        *by_column(FAR, "start of the program", MOUNTS)]),
    Bars("mount", "read-through", "A file nobody has here yet, read through the mount, loopback",
         "MB/s, more is better", [
        *by_column(NEAR, "read through, MB/s", {"p2pfs": "p2pfs"}),
        *by_column(NEAR, "the same, from four seeds", {"p2pfs, from four seeds": "p2pfs"}),
        *by_column(NEAR, "read through, MB/s", {name: MOUNTS[name] for name in ("sshfs", "rclone", "btfs")})]),
    Bars("mount", "again", "The same file, read again", "MB/s, more is better", [
        *by_column(NEAR, "again, MB/s", {"p2pfs": "p2pfs"}),
        *by_column("p2pfs without passthrough", "again, MB/s", {"p2pfs, no passthrough": "p2pfs, no passthrough"}),
        *by_column(NEAR, "again, MB/s", {"sshfs": "sshfs", "rclone": "rclone", "ext4, no mount": "ext4"})]),
    Spans("mount", "random", "4 KiB at random of a file nobody has here yet, loopback",
          HALF, by_column(NEAR, "4 KiB at random", MOUNTS), LATE),
    Spans("mount", "random-links", "4 KiB at random of a file nobody has here yet, at 20 ms",
          HALF, by_column(FAR, "4 KiB at random", MOUNTS), LATE),
    Bars("mount", "copied-in", "A file copied in, until cp returns", "MB/s, more is better", [
        *by_column(NEAR, "copied in", {"p2pfs, hashed and published": "p2pfs"}),
        Place("cp to ext4, then openssl sha256", BESIDE, "cp to ext4", ""),
        *by_column(NEAR, "copied in", {"cp to ext4": "ext4"})]),
    Bars("mount", "listing", "ls -l of 10,000 entries", "seconds, less is better", [
        *by_column(NEAR, "ls -l", {"p2pfs": "p2pfs"}), *by_column(NEAR, "again, s", {"p2pfs, again": "p2pfs"}),
        *by_column(NEAR, "ls -l", {"sshfs": "sshfs"}), *by_column(NEAR, "again, s", {"sshfs, again": "sshfs"}),
        *by_column(NEAR, "ls -l", {"rclone": "rclone"}), *by_column(NEAR, "again, s", {"rclone, again": "rclone"})]),
    Bars("mount", "handover", "From cp at one member until the other has read all of it", "seconds, less is better", [
        *by_column(HANDED, "all of it", {
            "p2pfs": "p2pfs", "Syncthing": "Syncthing", "Syncthing, waits 1 s": "Syncthing, waits 1 s"})]),
]
