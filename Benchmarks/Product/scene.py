"""Members with a tracker and files in memory, beside a web server and a torrent of the same files; and aims."""

import filecmp
import os
import shutil

from measuring import GIB, first_data, make_file, number, table, wait_until, warm_memory
from members import Team
from references import Torrent, WebServer

FILE = "file.bin"
SMALL = "small.bin"
FIRST = "first.bin"


class Bench:
    """Seeds that have the files in memory, a reader whose state is made anew for each download, and the others."""

    def __init__(self, programs, folder, memory, tracker, seeds, reader, size, log):
        self.folder = folder
        self.seeds = seeds
        self.reader = reader
        self.size = size
        self.log = log
        self.source = f"{memory}/{FILE}"
        self.target = f"{folder}/target"
        os.makedirs(memory)
        os.makedirs(folder)
        os.makedirs(self.target)
        make_file(self.source, size)
        make_file(f"{memory}/{FIRST}", 16 << 20)
        make_file(f"{memory}/{SMALL}", 1 << 20)
        self.team = Team(programs, f"{folder}/team", tracker, log)
        self.members = [self.team.member(f"seed{n}", place) for n, place in enumerate(seeds)]
        self.login = self.team.member("reader", reader)
        self.share(memory)
        self.web = WebServer(f"{folder}/nginx", seeds[0], memory, log)
        self.torrent = Torrent(self.source, folder, log)

    def share(self, memory):
        """The first shares the files in place; the others fetch them, and share them from then on."""
        owner = self.members[0].serve()
        for file in (FILE, FIRST, SMALL):
            owner.call("upload_file", f"{memory}/{file}", "team")
        for member in self.members[1:]:
            os.makedirs(f"{memory}/{member.name}")
            member.serve()
        for file in (FILE, FIRST, SMALL):
            for member in self.members[1:]:
                wait_until(lambda: file in member.call("list_files", "team"), f"{member.name} knows {file}")
            fetches = [
                member.start_download(file, f"{memory}/{member.name}/{file}") for member in self.members[1:]]
            for fetch in fetches:
                fetch.finish()
        self.use(1)

    def use(self, count):
        """So many of the seeds have a daemon from now on."""
        for place, member in enumerate(self.members):
            if place < count and not member.daemon:
                member.serve()
            elif place >= count and member.daemon:
                member.end()
        wait_until(lambda: self.members[0].sees(FILE, count), f"{count} members share")

    def clear(self):
        """No file of the last run, nothing of it on its way to the disk."""
        shutil.rmtree(self.target)
        os.makedirs(self.target)
        os.sync()

    def check(self):
        path = f"{self.target}/{FILE}"
        if not filecmp.cmp(path, self.source, shallow=False):
            raise RuntimeError("what was fetched is not what was shared")

    @property
    def gib(self):
        return self.size / GIB

    def rate(self, seconds):
        return self.size / 1e6 / seconds

    def fresh_reader(self, login=None):
        reader = (login or self.login).fresh(f"{self.folder}/{(login or self.login).name}-fresh").serve()
        wait_until(lambda: FILE in reader.call("list_files", "team"), "the reader knows the file")
        return reader

    def members_fetch(self):
        self.clear()
        reader = self.fresh_reader()
        seeds = [member.daemon for member in self.members if member.daemon]
        before = reader.daemon.cpu_seconds, sum(seed.cpu_seconds for seed in seeds)
        warm_memory(self.size)
        seconds, cpu, _ = reader.download(FILE, f"{self.target}/{FILE}")
        cpu += reader.daemon.cpu_seconds - before[0]
        seeds_cpu = sum(seed.cpu_seconds for seed in seeds) - before[1]
        self.check()
        reader.end()
        return {"rate": self.rate(seconds), "reader": cpu / self.gib, "seeds": seeds_cpu / self.gib}

    def curl_fetches(self):
        self.clear()
        warm_memory(self.size)
        before = self.web.process.cpu_seconds
        seconds, cpu, first = self.web.fetch(FILE, f"{self.target}/{FILE}", self.reader)
        seeds_cpu = self.web.process.cpu_seconds - before
        self.check()
        return {"rate": self.rate(seconds), "reader": cpu / self.gib, "seeds": seeds_cpu / self.gib, "first": first}

    def torrent_fetches(self, count, cipher):
        self.clear()
        port = 6900 if cipher == "plain" else 6901
        seeds = [self.torrent.seed(place, port, cipher) for place in self.seeds[:count]]
        names = [f"{place.address}:{port}" for place in self.seeds[:count]]
        warm_memory(self.size)
        before = sum(seed.cpu_seconds for seed in seeds)
        seconds, cpu, first = self.torrent.fetch(self.target, self.reader, names, cipher)
        seeds_cpu = sum(seed.cpu_seconds for seed in seeds) - before
        for seed in seeds:
            seed.end()
        self.check()
        return {"rate": self.rate(seconds), "reader": cpu / self.gib, "seeds": seeds_cpu / self.gib, "first": first}

    def first_byte(self):
        """With lines that have to be made first, with lines that are there, and until a whole block's command ends."""
        self.clear()
        reader = self.fresh_reader()
        cold = self.time_first(reader, FIRST)
        warm = self.time_first(reader, SMALL)
        reader.end()
        return {"cold": cold, "warm": warm}

    def time_first(self, reader, file):
        self.clear()
        command = reader.start_download(file, f"{self.target}/{file}")
        milliseconds = first_data(self.target, command.began)
        command.finish()
        return milliseconds

    def end(self):
        self.web.process.end()
        for member in self.members:
            if member.daemon:
                member.end()
        self.team.tracker.end()


class Aims:
    """What each row has to reach, and whether it did."""

    def __init__(self):
        self.rows = []

    def add(self, what, value, aim, is_met, digits=2):
        if value is not None:
            self.rows.append((what, number(value, digits), aim, "yes" if is_met else "**no**"))

    def least(self, what, value, aim, digits=2):
        self.add(what, value, f"at least {aim}", value is not None and value >= aim, digits)

    def most(self, what, value, aim, digits=2):
        self.add(what, value, f"at most {aim}", value is not None and value <= aim, digits)

    def print(self):
        if self.rows:
            table(("aim", "measured", "aimed at", "reached"), self.rows)
