"""Reading through a mount, with the real programs, beside sshfs, rclone, btfs and the disk.

    mount.py PROGRAMS FOLDER [--quick] [--only loopback|handover|links]

PROGRAMS holds `tracker` and `p2pfs`; in FOLDER, on ext4, all caches lie; what is served lies in memory. Each row is
measured of all systems in turn, in the same run. Runs as root in namespaces of its own: apart.sh makes them.
"""

import math
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

from handover import handover
from measuring import GIB, Figures, Process, is_quiet, run, say, spread, table, wait_until, warm_memory
from mounts import Btfs, Disk, Mount, Ours, Rclone, Sshfs
from places import Here, Links
from scene import FILE, FIRST, SMALL, Aims, Bench

SEED_COUNT = 4
MBIT = 100
DELAY_MILLISECONDS = 10
RANDOM_READS = 200
PARTS = ["loopback", "handover", "links"]


def milliseconds(body):
    began = time.monotonic()
    body()
    return (time.monotonic() - began) * 1000


def read_page(path, offset):
    file = os.open(path, os.O_RDONLY)
    try:
        if len(os.pread(file, 4096, offset)) == 0:
            raise RuntimeError(f"{path} has no byte at {offset}")
    finally:
        os.close(file)


def read_or_give_up(path):
    """By a program that can be killed while it reads: where it finds no seed, btfs waits for ever."""
    run(["timeout", "--signal=KILL", "60", "dd", "status=none", "of=/dev/null", "bs=4096", "count=1", f"if={path}"])


def random_reads(path, size, seconds):
    """Median and 99th of 100, in milliseconds; as many as come in so many seconds."""
    places = random.Random(7)
    file = os.open(path, os.O_RDONLY)
    took = []
    end = time.monotonic() + seconds
    try:
        while len(took) < RANDOM_READS and time.monotonic() < end:
            offset = places.randrange(size // 4096) * 4096
            took.append(milliseconds(lambda: os.pread(file, 4096, offset)))
    finally:
        os.close(file)
    took.sort()
    return statistics.median(took), took[math.ceil(len(took) * 0.99) - 1], len(took)


def read_through(path, size, block="1M"):
    """MB/s."""
    count = size // (1 << 20 if block == "1M" else 128 << 10)
    took = milliseconds(lambda: run(["dd", f"if={path}", "of=/dev/null", f"bs={block}", f"count={count}"]))
    return size / 1e3 / took


def drop_page_cache():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as file:
        file.write("1")


class Reading:
    """What is measured of one system, into its column."""

    def __init__(self, column, mount):
        self.column = column
        self.name = column.name
        self.mount = mount

    def note(self, **values):
        self.column.figures.add(**values)
        say(f"{self.name}: " + ", ".join(f"{key} {value:.2f}" for key, value in values.items()))

    def first_bytes(self, size, seconds, warmer=SMALL):
        """From the start of the program; then over lines that are there."""
        mount = self.mount
        began = time.monotonic()
        mount.mount(warmer)
        if warmer == FILE:
            read_or_give_up(mount.file(warmer))
        else:
            read_page(mount.file(warmer), 0)
        start = (time.monotonic() - began) * 1000
        if warmer == FILE:
            time.sleep(5)
        head = milliseconds(lambda: read_page(mount.file(FILE), 0))
        tail = milliseconds(lambda: read_page(mount.file(FILE), size - 4096))
        middle, late, count = random_reads(mount.file(FILE), size, seconds)
        mount.unmount()
        self.note(start=start, head=head, tail=tail, p50=middle, p99=late, count=count)

    def cold(self, size, **blocks):
        for key, block in blocks.items():
            self.mount.mount(FILE)
            warm_memory(2 * size)
            before = self.mount.process.cpu_seconds
            rate = read_through(self.mount.file(FILE), size, block)
            cpu = (self.mount.process.cpu_seconds - before) * GIB / size
            self.note(**{key: rate, f"{key}_cpu": cpu})
            self.mount.unmount()

    def warm(self, size):
        """Of a file that was read to its end before; with what the kernel keeps, and without."""
        self.mount.mount(FILE)
        path = self.mount.file(FILE)
        read_through(path, size)
        read_through(path, size)
        again = max(read_through(path, size) for _ in range(3))
        small = max(read_through(path, size, "128k") for _ in range(3))
        drop_page_cache()
        dropped = read_through(path, size)
        self.mount.unmount()
        self.note(warm=again, warm128=small, dropped=dropped)

    def copy_in(self, source, size):
        self.mount.mount(FILE)
        os.sync()
        warm_memory(2 * size)
        took = milliseconds(lambda: run(["cp", source, self.mount.file("copied.bin")]))
        os.remove(self.mount.file("copied.bin"))
        self.mount.unmount()
        self.note(copy=size / 1e3 / took)

    def lists(self, flat, tree):
        self.mount.mount(flat)
        paths = self.mount.file(flat), self.mount.file(tree)
        first = milliseconds(lambda: run(["ls", "-l", paths[0]]))
        again = milliseconds(lambda: run(["ls", "-l", paths[0]]))
        find = milliseconds(lambda: run(["find", paths[1]])) if tree else None
        self.mount.unmount()
        self.note(ls=first / 1000, ls_again=again / 1000, find=find / 1000)


class Column:
    """All of one system, over whatever mounts it is measured."""

    def __init__(self, name):
        self.name = name
        self.figures = Figures()

    def over(self, mount):
        return Reading(self, mount)

    @staticmethod
    def of(name, **values):
        column = Column(name)
        column.figures.add(**values)
        return column


class MountBench(Bench):
    """The bench of whole files, with mounts."""

    def __init__(self, *words):
        super().__init__(*words)
        self.memory = os.path.dirname(self.source)
        # A member who has seen the list, and nothing of the files.
        self.login.serve()
        wait_until(lambda: FILE in self.login.call("list_files", "team"), "the reader knows the file")
        self.login.end()

    def round_trip(self):
        """Milliseconds, as TCP sees it."""
        words = ["curl", "-so", "/dev/null", "-w", "%{time_connect}", f"http://{self.seeds[0].address}:8443/"]
        return 1000 * statistics.median(float(run(self.reader.inside(words))) for _ in range(9))

    def mounts(self):
        folder = f"{self.folder}/mounts"
        return {
            "p2pfs": Column("p2pfs").over(Ours(f"{folder}/p2pfs", self.login, self.log)),
            "uncached": Column("p2pfs, no passthrough").over(
                Ours(f"{folder}/p2pfs-through", self.login, self.log, passthrough=False)),
            "sshfs": Column("sshfs").over(
                Sshfs(f"{folder}/sshfs", self.seeds[0], self.reader, self.memory, self.log)),
            "rclone": Column("rclone").over(Rclone(f"{folder}/rclone", self.web, self.reader, self.log)),
            "ext4": Column("ext4").over(Disk(f"{folder}/ext4", self.log)),
        }

    def btfs(self, count):
        name = f"btfs, {count} seed{'s' * (count > 1)}"
        folder = f"{self.folder}/mounts/btfs{count}"
        return Column(name).over(Btfs(folder, self.seeds[:count], self.reader, [self.source], self.log))

    def publish_lists(self, flat_count, tree_count):
        """In a group of their own, of which nobody else has to know anything."""
        for directory in ["flat"] + [f"tree/{number:03d}" for number in range(tree_count // 100)]:
            os.makedirs(f"{self.memory}/lists/{directory}")
            for number in range(flat_count if directory == "flat" else 100):
                with open(f"{self.memory}/lists/{directory}/entry-{number:05d}.txt", "w") as file:
                    # Files without bytes are nobody's to share.
                    file.write("" if number else directory)
        owner, lister = self.members[0], self.team.member("lister", self.reader)
        owner.call("create_group", "lists")
        lister.call("join_group", "lists")
        owner.call("accept_request", "lists", "lister")
        say(f"publishing {flat_count + tree_count} files")
        owner.call("upload_file", f"{self.memory}/lists", "lists")
        lister.serve()
        count = flat_count + tree_count
        wait_until(lambda: lister.call("list_files", "lists").count("\n") >= count, "the lister knows all", 120)
        lister.end()
        return Ours(f"{self.folder}/mounts/lister", lister, self.log, group="lists")


def loopback(programs, folder, memory, log, quick, aims, parts):
    size = (256 << 20) if quick else GIB
    seeds = [Here(f"10.77.0.{11 + number}") for number in range(SEED_COUNT)]
    bench = MountBench(programs, folder, memory, Here("10.77.0.2"), seeds, Here("10.77.0.1"), size, log)
    if "loopback" in parts:
        over_loopback(bench, size, quick, aims)
    if "handover" in parts:
        bench.use(1)
        handover(bench, size, quick)
    bench.end()


def over_loopback(bench, size, quick, aims):
    flat, tree = 10_000, 1_000 if quick else 100_000
    lister = bench.publish_lists(flat, tree)
    readings = bench.mounts() | {"btfs": bench.btfs(1)}
    networked = [readings[name] for name in ("p2pfs", "sshfs", "rclone")]
    ours, disk = readings["p2pfs"], readings["ext4"]
    shutil.copy(bench.source, disk.mount.file(FILE))
    shutil.copytree(f"{bench.memory}/lists", disk.mount.file("lists"))
    download = Figures()
    rounds = 1 if quick else 3
    for turn in range(rounds):
        say(f"round {turn + 1} of {rounds}")
        bench.use(1)
        for reading in networked:
            reading.first_bytes(size, 2 if quick else 30)
            reading.cold(size, cold="1M", cold128="128k")
        measure_btfs(readings["btfs"], size, quick)
        download.add(**bench.members_fetch())
        say(f"download_file: {download.rounds[-1]}")
        bench.use(SEED_COUNT)
        ours.cold(size, cold4="1M")
        bench.use(1)
        for name in ("p2pfs", "uncached", "sshfs", "rclone", "ext4"):
            readings[name].warm(size)
        for reading in (ours, disk):
            reading.copy_in(bench.source, size)
        disk.note(hash=size / 1e3 / milliseconds(lambda: run(["openssl", "dgst", "-sha256", bench.source])))
        for reading in (ours.column.over(lister), *networked[1:], disk):
            reading.lists("lists/flat", "lists/tree")
    columns = [readings[name].column for name in ("p2pfs", "sshfs", "rclone", "btfs", "ext4")]
    print_rows(f"a mount over loopback, {size >> 20} MiB", columns, [
        ("start of the program to the first byte, ms", "start", 0), ("first byte at the start, ms", "head", 2),
        ("first byte at the end, ms", "tail", 2), ("4 KiB at random, median, ms", "p50", 2),
        ("the same, 99 of 100, ms", "p99", 2), ("read through, MB/s", "cold", 0),
        ("CPU s/GiB of the program that mounts", "cold_cpu", 2),
        ("read through, 128 KiB a read, MB/s", "cold128", 0), ("the same, from four seeds", "cold4", 0),
        ("again, MB/s", "warm", 0), ("again, 128 KiB a read", "warm128", 0),
        ("again, page cache dropped", "dropped", 0), ("copied in, MB/s", "copy", 0),
        (f"ls -l of {flat} entries, s", "ls", 2), ("again, s", "ls_again", 2),
        (f"find in {tree} entries, s", "find", 2)])
    uncached = readings["uncached"].column
    print_rows("p2pfs without passthrough", [uncached], [
        ("again, MB/s", "warm", 0), ("again, 128 KiB a read", "warm128", 0),
        ("again, page cache dropped", "dropped", 0)])
    mine, theirs = ours.column.figures, disk.column.figures
    rate = download.median("rate")
    copy = 1 / (1 / theirs.median("copy") + 1 / theirs.median("hash"))
    print_rows("beside them", [Column.of("", download=rate, copy=copy)], [
        ("p2pfs download_file, MB/s", "download", 0), ("cp to ext4, and openssl sha256, MB/s", "copy", 0)])
    aims.least("read through: of download_file", mine.median("cold") / rate, 0.8)
    aims.least("the same, 128 KiB a read", mine.median("cold128") / rate, 0.8)
    aims.least("four seeds: of download_file", mine.median("cold4") / rate, 0.8)
    aims.least("again: of ext4", mine.median("warm") / theirs.median("warm"), 0.8)
    aims.least("again, without passthrough: GB/s", uncached.figures.median("warm") / 1000, 6)
    aims.least("copied in: of cp and openssl sha256", mine.median("copy") / copy, 0.6)
    aims.most("first ls -l of 10,000: s", mine.median("ls"), 0.2)
    aims.most("start to first byte: ms", mine.median("start"), 150)
    for key, what in (("head", "first byte"), ("tail", "last byte"), ("p50", "4 KiB at random")):
        aims.most(f"{what}: ms", mine.median(key), 2)
    aims.most("the same, 99 of 100: ms", mine.median("p99"), 2)
    finish([*readings.values(), ours.column.over(lister)])


def measure_btfs(reading, size, quick):
    """It dials a seed over loopback where each address has a mask of its own; should it not, the others go on."""
    try:
        reading.first_bytes(size, 2 if quick else 30, FILE)
    except RuntimeError as error:
        say(f"{reading.name} is left out: {error}")
        run(["umount", "--lazy", reading.mount.path])
        return reading.mount.process.end()
    reading.cold((2 << 20) if quick else (8 << 20), cold="1M")


def links(programs, folder, memory, log, quick, aims):
    size = 128 << 20
    part, slow = (32 << 20, 2 << 20) if quick else (size, 8 << 20)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    rates = {"10.88.0.1": 0, "10.88.0.2": 0} | {f"10.88.0.{11 + number}": MBIT for number in range(SEED_COUNT)}
    wires = Links(os.path.dirname(folder), DELAY_MILLISECONDS, rates)
    try:
        places = list(wires.places.values())
        bench = MountBench(programs, folder, memory, places[1], places[2:], places[0], size, log)
        readings = bench.mounts() | {"btfs": bench.btfs(1), "btfs4": bench.btfs(SEED_COUNT)}
        for turn in range(1 if quick else 3):
            bench.use(1)
            for name in ("p2pfs", "sshfs", "rclone", "btfs"):
                is_slow = name == "btfs"
                readings[name].first_bytes(size, 2 if quick else 30, FILE if is_slow else SMALL)
                readings[name].cold(slow if is_slow else part, cold="1M")
            bench.use(SEED_COUNT)
            readings["p2pfs"].cold(size, cold4="1M")
            readings["btfs4"].cold(2 * slow, cold4="1M")
        readings["btfs"].column.figures.rounds += readings["btfs4"].column.figures.rounds
        trip = bench.round_trip()
        print_rows(
            f"links of {2 * DELAY_MILLISECONDS} ms and {MBIT} Mbit/s for each seed, {size >> 20} MiB",
            [readings[name].column for name in ("p2pfs", "sshfs", "rclone", "btfs")], [
                ("start of the program to the first byte, ms", "start", 0),
                ("first byte at the start, ms", "head", 1), ("first byte at the end, ms", "tail", 1),
                ("4 KiB at random, median, ms", "p50", 1), ("the same, 99 of 100, ms", "p99", 1),
                ("read through, MB/s", "cold", 1), ("the same, from four seeds", "cold4", 1)])
        mine = readings["p2pfs"].column.figures
        for key, what in (("head", "first byte"), ("tail", "last byte"), ("p50", "4 KiB at random")):
            aims.most(f"{what}, a round trip being {trip:.1f} ms: ms", mine.median(key), round(trip + 2, 1), 1)
        aims.most("99 of 100 at random: ms", mine.median("p99"), round(2 * trip, 1), 1)
        aims.least("four links: MB/s", mine.median("cold4"), 42, 1)
        finish(readings.values())
        bench.end()
    finally:
        wires.end()


def finish(readings):
    for reading in readings:
        reading.mount.end()


def print_rows(head, columns, rows):
    """A row where anybody has a figure."""
    table(
        (head, *(column.name for column in columns)),
        [(words, *(spread(column.figures, key, digits) for column in columns)) for words, key, digits in rows])


def main():
    programs, folder = (os.path.abspath(word) for word in sys.argv[1:3])
    quick = "--quick" in sys.argv
    parts = sys.argv[sys.argv.index("--only") + 1].split(",") if "--only" in sys.argv else PARTS
    if not is_quiet():
        say(f"this machine is busy, load {os.getloadavg()[0]:.1f}: what is measured is less than it could be")
    memory = tempfile.mkdtemp(prefix="p2pfs-bench.", dir="/dev/shm")
    aims = Aims()
    with open(f"{folder}/log", "w") as log:
        try:
            if "loopback" in parts or "handover" in parts:
                loopback(programs, f"{folder}/near", f"{memory}/near", log, quick, aims, parts)
                shutil.rmtree(f"{memory}/near")
            if "links" in parts:
                links(programs, f"{folder}/far", f"{memory}/far", log, quick, aims)
            aims.print()
        finally:
            Mount.clear_all()
            Process.end_all()
            shutil.rmtree(memory)


if __name__ == "__main__":
    main()
