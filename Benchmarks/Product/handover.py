"""From `cp` at one member until another has read all of it, and it is right: between our mounts, and by Syncthing."""

import os
import time

from measuring import GIB, Figures, run, say, spread, table, wait_until, warm_memory
from mounts import Ours
from scene import FILE
from syncthing import SyncthingPair

NAME = "handed.bin"
WAIT_SECONDS = 10


class OurPair:
    """Two members, each with a mount and nothing kept."""

    def __init__(self, folder, giver, taker, log):
        self.mounts = [Ours(f"{folder}/giver", giver, log), Ours(f"{folder}/taker", taker, log)]

    def begin(self):
        for mount in self.mounts:
            mount.mount(FILE)

    @property
    def processes(self):
        return [mount.process for mount in self.mounts]

    def paths(self, name):
        return [mount.file(name) for mount in self.mounts]

    def end(self):
        os.remove(self.mounts[0].file(NAME))
        for mount in self.mounts:
            mount.unmount()


def sha256(path):
    """Of OpenSSL, which uses what the processor has for it."""
    return run(["openssl", "dgst", "-r", "-sha256", path]).split()[0]


def has_first_byte(path):
    try:
        with open(path, "rb", buffering=0) as file:
            return len(file.read(4096)) > 0
    except FileNotFoundError:
        return False


def hand_over(pair, source, size, right):
    pair.begin()
    os.sync()
    warm_memory(2 * size)
    given, taken = pair.paths(NAME)
    before = sum(process.cpu_seconds for process in pair.processes)
    began = time.monotonic()
    run(["cp", source, given])
    copied = time.monotonic() - began
    wait_until(lambda: has_first_byte(taken), f"{taken} has a byte", 300)
    first = time.monotonic() - began
    if sha256(taken) != right:
        raise RuntimeError("what was handed over is not what was copied")
    took = time.monotonic() - began
    cpu = sum(process.cpu_seconds for process in pair.processes) - before
    pair.end()
    return {"copied": copied, "first": first, "all": took, "rate": size / 1e6 / took, "cpu": cpu * GIB / size}


def handover(bench, size, quick):
    """With the scene of the other mounts: the owner's place gives, the reader's takes."""
    folder, giver, taker = f"{bench.folder}/handover", bench.seeds[1], bench.reader
    pairs = {
        "p2pfs": OurPair(f"{folder}/p2pfs", bench.team.member("giver", giver), bench.login, bench.log),
        "Syncthing": SyncthingPair(f"{folder}/syncthing", giver, taker, WAIT_SECONDS, bench.log),
        "Syncthing, waits 1 s": SyncthingPair(f"{folder}/syncthing1", giver, taker, 1, bench.log)}
    source, right = bench.source, sha256(bench.source)
    figures = {name: Figures() for name in pairs}
    for turn in range(1 if quick else 3):
        for name, pair in pairs.items():
            figures[name].add(**hand_over(pair, source, size, right))
            said = ", ".join(f"{key} {value:.2f}" for key, value in figures[name].rounds[-1].items())
            say(f"round {turn + 1}: handed over, {name}: {said}")
    rows = [
        ("cp returns after, s", "copied", 2), ("the other can read the first byte after, s", "first", 2),
        ("all of it is read there, and right, after, s", "all", 2), ("MB/s from cp to there", "rate", 0),
        ("CPU s/GiB of both ends", "cpu", 2)]
    table(
        (f"from cp at one member until the other has all of it, {size >> 20} MiB over loopback", *figures),
        [(words, *(spread(of, key, digits) for of in figures.values())) for words, key, digits in rows])
    print(
        f"Syncthing waits {WAIT_SECONDS} s after a change before it looks at it, unless it is told otherwise. "
        "Its file is there when it is whole; ours can be read while it comes.\n", flush=True)
    return figures
