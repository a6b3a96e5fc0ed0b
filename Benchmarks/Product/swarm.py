"""Whole files from members to a member, with the real programs, beside what a person would use instead.

    swarm.py PROGRAMS FOLDER [--quick] [--only loopback|links|crowd|alone]

PROGRAMS holds `tracker` and `p2pfs`; in FOLDER, on a disk, downloads are written; what seeds serve lies in memory.
Of each thing all systems are measured in turn, round by round, so that their ratios are of the same minutes.
Runs as root in namespaces of its own: apart.sh makes them.
"""

import filecmp
import os
import shutil
import sys
import tempfile

from measuring import GIB, Figures, Process, is_quiet, number, run, say, spread, table
from places import Here, Links
from scene import FILE, Aims, Bench

SEED_COUNT = 4
CROWD = 8
MBIT = 100
DELAY_MILLISECONDS = 10
PARTS = ["loopback", "links", "crowd", "alone"]


def measure(bench, systems, rounds):
    """Each system is a name, how many of the seeds share, and what fetches."""
    figures = {name: Figures() for name, _, _ in systems}
    for turn in range(rounds):
        # Each begins a round now and then: who comes first, or behind whom, is of no account.
        start = turn % len(systems)
        for name, count, fetch in systems[start:] + systems[:start]:
            bench.use(count)
            figures[name].add(**fetch())
            said = ", ".join(f"{key} {value:.2f}" for key, value in figures[name].rounds[-1].items())
            say(f"round {turn + 1} of {rounds}: {name}: {said}")
    return figures


def loopback(programs, folder, memory, log, quick, aims):
    size = (256 << 20) if quick else GIB
    seeds = [Here(f"10.77.0.{11 + number}") for number in range(SEED_COUNT)]
    bench = Bench(programs, folder, memory, Here("10.77.0.2"), seeds, Here("10.77.0.1"), size, log)
    systems = [
        ("p2pfs, 1 seed", 1, bench.members_fetch),
        ("curl, nginx, TLS 1.3", 1, bench.curl_fetches),
        ("libtorrent in the clear, 1 seed", 1, lambda: bench.torrent_fetches(1, "plain")),
        ("libtorrent RC4, 1 seed", 1, lambda: bench.torrent_fetches(1, "rc4")),
        ("p2pfs, 4 seeds", SEED_COUNT, bench.members_fetch),
        ("libtorrent in the clear, 4 seeds", 1, lambda: bench.torrent_fetches(SEED_COUNT, "plain")),
        ("libtorrent RC4, 4 seeds", 1, lambda: bench.torrent_fetches(SEED_COUNT, "rc4")),
    ]
    figures = measure(bench, systems, 1 if quick else 5)
    bench.use(1)
    first = Figures()
    for _ in range(3 if quick else 9):
        first.add(**bench.first_byte())
    bench.end()

    curl = figures["curl, nginx, TLS 1.3"]
    table(
        (f"loopback, {size >> 20} MiB", "MB/s", "of curl", "CPU s/GiB: reader", "seeds"),
        [(name, spread(of, "rate"), number(of.over(curl, "rate")), number(of.median("reader")),
          number(of.median("seeds"))) for name, of in figures.items()])
    table(
        ("first byte on loopback", "ms"),
        [("p2pfs, lines made first", spread(first, "cold", 1)), ("p2pfs, lines there", spread(first, "warm", 1)),
         ("curl, new line", spread(curl, "first", 1)),
         ("libtorrent, told of the seed", spread(figures["libtorrent in the clear, 1 seed"], "first", 1))])
    one, four = figures["p2pfs, 1 seed"], figures["p2pfs, 4 seeds"]
    for name, of, clear in (("1 seed", one, "libtorrent in the clear, 1 seed"),
                            ("4 seeds", four, "libtorrent in the clear, 4 seeds")):
        ratio = of.over(figures[clear], "rate")
        aims.add(f"{name}: of libtorrent in the clear", ratio, "more than 1", ratio > 1)
        ratio = of.over(curl, "rate")
        aims.add(f"{name}: of curl and nginx", ratio, "0.85", ratio >= 0.85)
        reader, sending = of.median("reader"), of.median("seeds")
        aims.add(f"{name}: CPU s/GiB of the reader", reader, "2.0", reader <= 2.0)
        aims.add(f"{name}: CPU s/GiB of the seeds", sending, "1.3", sending <= 1.3)
    cold = first.median("cold")
    aims.add("first byte on loopback, ms", cold, "100", cold <= 100, 1)


def links(programs, folder, memory, log, quick, aims, parts):
    size = 128 << 20
    rates = {"10.78.0.1": 0, "10.78.0.2": 0}
    rates |= {f"10.78.0.{11 + number}": MBIT for number in range(SEED_COUNT)}
    rates |= {f"10.78.0.{31 + number}": MBIT for number in range(CROWD)}
    wires = Links(os.path.dirname(folder), DELAY_MILLISECONDS, rates)
    try:
        places = list(wires.places.values())
        seeds, crowd = places[2:2 + SEED_COUNT], places[2 + SEED_COUNT:]
        bench = Bench(programs, folder, memory, places[1], seeds, places[0], size, log)
        if "links" in parts:
            over_links(bench, quick, aims)
        if "crowd" in parts:
            in_a_crowd(bench, crowd, quick, aims)
        bench.end()
    finally:
        wires.end()


def over_links(bench, quick, aims):
    systems = [
        ("p2pfs, 1 seed", 1, bench.members_fetch),
        ("curl, nginx, TLS 1.3", 1, bench.curl_fetches),
        ("libtorrent in the clear, 1 seed", 1, lambda: bench.torrent_fetches(1, "plain")),
        ("p2pfs, 4 seeds", SEED_COUNT, bench.members_fetch),
        ("libtorrent in the clear, 4 seeds", 1, lambda: bench.torrent_fetches(SEED_COUNT, "plain")),
        ("libtorrent RC4, 4 seeds", 1, lambda: bench.torrent_fetches(SEED_COUNT, "rc4")),
    ]
    if quick:
        systems = [system for system in systems if "libtorrent" not in system[0] or "clear, 4" in system[0]]
    figures = measure(bench, systems, 1 if quick else 3)
    bench.use(1)
    first = Figures()
    for _ in range(2 if quick else 7):
        first.add(**bench.first_byte())
    curl, torrent = figures["curl, nginx, TLS 1.3"], figures["libtorrent in the clear, 4 seeds"]
    table(
        (f"links of {2 * DELAY_MILLISECONDS} ms and {MBIT} Mbit/s for each seed, {bench.size >> 20} MiB", "MB/s",
         "of curl"),
        [(name, spread(of, "rate", 1), number(of.over(curl, "rate"))) for name, of in figures.items()])
    table(
        (f"first byte at {2 * DELAY_MILLISECONDS} ms", "ms"),
        [("p2pfs, lines made first", spread(first, "cold", 0)), ("p2pfs, lines there", spread(first, "warm", 0)),
         ("curl, new line", spread(curl, "first", 0)),
         ("libtorrent, told of the seed", spread(torrent, "first", 0))])
    four = figures["p2pfs, 4 seeds"].median("rate")
    aims.add("four links: MB/s", four, "42", four >= 42, 1)
    ratio = figures["p2pfs, 1 seed"].over(curl, "rate")
    aims.add("one link: of curl and nginx", ratio, "0.85", ratio >= 0.85)


def in_a_crowd(bench, places, quick, aims):
    """Members fetch at once what one has; each of them has a link like his."""
    bench.use(1)
    logins = [bench.team.member(f"member{number}", place) for number, place in enumerate(places)]
    figures = Figures()
    rounds = 1 if quick else 3
    for turn in range(rounds):
        bench.clear()
        members = [bench.fresh_reader(login) for login in logins]
        sent = bench.seeds[0].sent_bytes
        commands = []
        for member in members:
            os.makedirs(f"{bench.target}/{member.name}")
            commands.append(member.start_download(FILE, f"{bench.target}/{member.name}/{FILE}"))
        took = [command.finish()[0] for command in commands]
        figures.add(last=max(took), first=min(took), copies=(bench.seeds[0].sent_bytes - sent) / bench.size)
        say(f"round {turn + 1} of {rounds}: {CROWD} members: {figures.rounds[-1]}")
        for member in members:
            if not filecmp.cmp(f"{bench.target}/{member.name}/{FILE}", bench.source, shallow=False):
                raise RuntimeError("what was fetched is not what was shared")
            member.end()
    alone = bench.size * 8 / (MBIT * 1e6)
    table(
        (f"{CROWD} members fetch {bench.size >> 20} MiB at once, {MBIT} Mbit/s each", ""),
        [("seconds until the last one has it", spread(figures, "last", 1)),
         ("seconds that one copy takes the origin's link", number(alone, 1)),
         ("copies that left the origin, headers counted", spread(figures, "copies", 2))])
    copies = figures.median("copies")
    aims.add(f"copies from the origin for {CROWD} members", copies, "1.5", copies <= 1.5)


def alone(programs, folder, memory, quick):
    """The swarm without a daemon and its commands: what the rest of the product adds is the difference."""
    mib = 256 if quick else 1024
    say(f"the swarm alone, {mib} MiB")
    print(f"The swarm alone, each end a process without a daemon, {mib} MiB over loopback:\n")
    for seeds, parts in (("1", "store"), ("4", "store"), ("4", "quarters"), ("1", "random")):
        print("*", run([f"{programs}/swarm-load", str(mib), seeds, parts, memory, folder]).strip(), flush=True)
    print(flush=True)


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
            if "loopback" in parts:
                loopback(programs, f"{folder}/near", f"{memory}/near", log, quick, aims)
                shutil.rmtree(f"{memory}/near")
            if "links" in parts or "crowd" in parts:
                links(programs, f"{folder}/far", f"{memory}/far", log, quick, aims, parts)
            aims.print()
            if "alone" in parts:
                alone(programs, folder, memory, quick)
        finally:
            Process.end_all()
            shutil.rmtree(memory)


main()
