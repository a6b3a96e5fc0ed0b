"""All benches in turn, and one page of what they measured: RESULTS.md with its pictures, or those of a quick run.

    report.py [--quick]
    report.py --draw FILE.md      draws the pictures of a page anew

The page and the pictures are replaced together when the last bench has ended; a run that is ended before, or fails,
leaves the old ones. Each bench ends what it has begun when it is told to.
"""

import os
import signal
import subprocess
import sys
import time

import machine
from measuring import say
from pictures import ALL
from tables import Tables

TITLES = {
    "tracker": "A tracker under load",
    "swarm": "Whole files between members",
    "mount": "Through the mount",
}
BUSY = 0.1


class Bench:
    """One of the three, as `make bench-...` runs it."""

    def __init__(self, name, part, is_quick):
        self.name = name
        self.part = part
        self.words = [f"Benchmarks/{name}.sh", *(["--quick"] if is_quick else [])]
        self.command = f"make bench-{name}" + (" QUICK=1" if is_quick else "")
        self.text = ""

    def run(self):
        say(f"{self.part}: {TITLES[self.name].lower()} ({self.command})")
        began = time.monotonic()
        # In a session of its own, so that Ctrl-C comes here alone, and it is ended once.
        popen = subprocess.Popen(
            self.words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True,
            env=os.environ | {"BENCH_PART": self.part})
        try:
            for line in popen.stdout:
                print(line, end="", flush=True)
                self.text += line
            if popen.wait() != 0:
                sys.exit(f"bench: {self.words[0]} failed: the results of before stay as they were")
        finally:
            if popen.poll() is None:
                popen.terminate()
                popen.wait()
        self.seconds = time.monotonic() - began


def head(is_quick, others, load, seconds):
    lines = ["# What was measured", ""]
    if is_quick:
        lines += ["**A quick run**: few rounds, small files. `make bench` measures properly.", ""]
    if others > BUSY:
        lines += [
            f"**On a busy machine**: other programs used {others:.0%} of its CPUs before a bench began, so all of this "
            "is less than it could be, and uneven.", ""]
    versions = ", ".join(f"{name} {machine.version(package)}" for name, package in machine.PACKAGES.items())
    return lines + [
        f"* {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}, `make bench{' QUICK=1' if is_quick else ''}`, "
        f"{seconds / 60:.0f} minutes.",
        f"* Machine: {machine.hardware('.build')}; {machine.system()}.",
        f"* Other programs used {others:.0%} of the CPUs at most before a bench began; load at the start: {load:.1f}.",
        f"* p2pfs {machine.commit()}; Debian's packages: {versions}.",
        "", "Both ends of everything share these cores. A figure is the median of its rounds (and from where to where "
        "they went); MB are 10^6 bytes, GiB 2^30. Each table is measured in one run, of all systems in turn.", ""]


def section(bench, drawn, folder):
    lines = [f"## {TITLES[bench.name]}", "", f"`{bench.command}`, {bench.seconds:.0f} s.", ""]
    for picture in ALL:
        if picture.bench == bench.name and picture.file in drawn:
            lines += [f"![{picture.title}]({folder}/{picture.file}.svg)", ""]
    return lines + [bench.text.strip(), ""]


def draw(text):
    drawn = {picture.file: picture.draw(Tables(section_of(text, picture.bench))) for picture in ALL}
    return {file: svg for file, svg in drawn.items() if svg}


def section_of(text, bench):
    """Tables of two benches may begin alike."""
    return text.partition(f"\n## {TITLES[bench]}\n")[2].partition("\n## ")[0]


def put(page, folder, text, drawn):
    """The page last, and each file whole: whoever is ended here has a page whose pictures are there."""
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        if name.removesuffix(".svg") not in drawn:
            os.remove(f"{folder}/{name}")
    for file, svg in drawn.items():
        replace(f"{folder}/{file}.svg", svg)
    replace(page, text)


def replace(path, text):
    with open(f"{path}.new", "w") as file:
        file.write(text)
    os.replace(f"{path}.new", path)


def measure(is_quick):
    began, load, others = time.monotonic(), os.getloadavg()[0], 0
    benches = [Bench(name, f"{place} of {len(TITLES)}", is_quick) for place, name in enumerate(TITLES, 1)]
    for bench in benches:
        others = max(others, machine.used_by_others())
        if others > BUSY:
            say(f"this machine is busy, others use {others:.0%} of it: what is measured is less than it could be")
        bench.run()
    page = "RESULTS-quick.md" if is_quick else "RESULTS.md"
    plain = "".join(f"\n## {TITLES[bench.name]}\n{bench.text}" for bench in benches)
    drawn, folder = draw(plain), folder_of(page)
    lines = head(is_quick, others, load, time.monotonic() - began)
    for bench in benches:
        lines += section(bench, drawn, folder)
    put(f"Benchmarks/{page}", f"Benchmarks/{folder}", "\n".join(lines), drawn)
    say(f"Benchmarks/{page} is written, with {len(drawn)} pictures")


def folder_of(page):
    return os.path.basename(page).removesuffix(".md").replace("RESULTS", "plots")


def main():
    def end(*_):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        say("ending what was begun; the results of before stay as they were")
        sys.exit(75)

    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if "--draw" in sys.argv:
        page = sys.argv[sys.argv.index("--draw") + 1]
        with open(page) as file:
            text = file.read()
        put(page, os.path.join(os.path.dirname(page), folder_of(page)), text, draw(text))
    else:
        measure("--quick" in sys.argv)


if __name__ == "__main__":
    main()
