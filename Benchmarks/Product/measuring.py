"""What every part measures with: processes and their CPU seconds, figures of several rounds, tables."""

import mmap
import os
import statistics
import subprocess
import sys
import time

GIB = 1 << 30
TICKS = os.sysconf("SC_CLK_TCK")
BEGAN = time.monotonic()


def say(text):
    """How far it has come, for whoever watches; the tables alone go to stdout."""
    minutes, seconds = divmod(int(time.monotonic() - BEGAN), 60)
    part = os.environ.get("BENCH_PART")
    print(f"bench: {part + ', ' if part else ''}{minutes}:{seconds:02d}: {text}", file=sys.stderr, flush=True)


class Process:
    """One that stays until it is told to end, with what it says on its first line where that is asked for."""

    everyone = []

    def __init__(self, words, log, waits_for_line=False):
        out = subprocess.PIPE if waits_for_line else log
        self.popen = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=log)
        Process.everyone.append(self)
        if waits_for_line and not self.popen.stdout.readline():
            raise RuntimeError(f"{words} ended before it was ready")

    @property
    def cpu_seconds(self):
        """User and system time, of its children too that it has waited for."""
        with open(f"/proc/{self.popen.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return sum(int(field) for field in fields[11:15]) / TICKS

    def end(self):
        Process.everyone.remove(self)
        self.popen.terminate()
        try:
            self.popen.wait(15)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()

    @staticmethod
    def end_all():
        for process in reversed(list(Process.everyone)):
            process.end()


def run(words, **options):
    """To its end, which has to be a good one; what it said."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr or done.stdout}")
    return done.stdout


class Command:
    """One that is timed from its start to its end."""

    def __init__(self, words, log):
        self.began = time.monotonic()
        self.words = words
        self.log = log
        self.popen = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)

    def finish(self):
        """Seconds, CPU seconds, and what it said."""
        said = self.popen.stdout.read().decode()
        _, status, usage = os.wait4(self.popen.pid, 0)
        seconds = time.monotonic() - self.began
        self.popen.returncode = os.waitstatus_to_exitcode(status)
        if self.popen.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, self.words))} failed with {self.popen.returncode}")
        return seconds, usage.ru_utime + usage.ru_stime, said


def wait_until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited in vain until {what}")
        time.sleep(0.01)


def first_data(folder, began, seconds=30):
    """Milliseconds from `began` until a file in the folder has a byte, under whatever name it waits there."""
    while time.monotonic() < began + seconds:
        for entry in os.scandir(folder):
            if has_data(entry.path):
                return (time.monotonic() - began) * 1000
        time.sleep(0.0005)
    raise RuntimeError(f"no byte came to {folder}")


def has_data(path):
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return os.lseek(file, 0, os.SEEK_DATA) >= 0
    except OSError:
        return False
    finally:
        os.close(file)


def make_file(path, size):
    with open(path, "wb") as file:
        for start in range(0, size, 1 << 24):
            file.write(os.urandom(min(size - start, 1 << 24)))


def warm_memory(size):
    """A virtual machine hands free memory back to its host, and whoever needs it next waits for the host: up to two
    seconds a gigabyte here. Touched just before, it is there for everybody alike. In large pages, since those are
    what is handed back, and what files get."""
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)
        for start in range(0, size, mmap.PAGESIZE):
            memory[start] = 1


def is_quiet():
    """What other programs do meanwhile changes the figures."""
    return os.getloadavg()[0] < 0.5


class Figures:
    """What was measured of one thing, round by round."""

    def __init__(self):
        self.rounds = []

    def add(self, **values):
        self.rounds.append(values)

    def all(self, name):
        return [values[name] for values in self.rounds if values.get(name) is not None]

    def median(self, name):
        values = self.all(name)
        return statistics.median(values) if values else None

    def over(self, other, name):
        """The median of the ratios of the same round, so that what disturbed both counts for neither."""
        pairs = zip(self.all(name), other.all(name))
        ratios = [mine / theirs for mine, theirs in pairs if theirs]
        return statistics.median(ratios) if ratios else None


def number(value, digits=2):
    if value is None:
        return ""
    if value >= 100 or digits == 0 and value >= 10:
        return f"{value:.0f}"
    if digits == 0:
        # So that what is small is not nothing.
        return f"{value:.1f}"
    return f"{value:.{digits}f}"


def spread(figures, name, digits=0):
    """The median, and from where to where."""
    values = figures.all(name)
    if not values:
        return ""
    middle = number(figures.median(name), digits)
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values), digits)} to {number(max(values), digits)})"


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)
