"""A tracker and members, with the programs that were built: each member a state directory, a place and a daemon."""

import os
import shutil

from measuring import Command, Process, run, wait_until

PORT = 9002


class Team:
    def __init__(self, programs, folder, place, log):
        self.programs = programs
        self.folder = folder
        self.log = log
        os.makedirs(folder)
        self.info = f"{folder}/tracker_info.txt"
        with open(self.info, "w") as file:
            file.write(f"{place.address}:{PORT}\n")
        words = [f"{programs}/tracker", "--data", f"{folder}/tracker", "--log", "warning", self.info, "1"]
        self.tracker = Process(place.inside(words), log, waits_for_line=True)
        self.owner = None

    def member(self, name, place):
        """Logged in, and in the team; the first one owns it."""
        member = Member(self, name, place, f"{self.folder}/{name}")
        member.call("create_user", name, "a password of the bench")
        member.call("login", name, "a password of the bench")
        if self.owner:
            member.call("join_group", "team")
            self.owner.call("accept_request", "team", name)
        else:
            self.owner = member
            member.call("create_group", "team")
        return member


class Member:
    def __init__(self, team, name, place, state):
        self.team = team
        self.name = name
        self.place = place
        self.state = state
        self.daemon = None

    def words(self, *words):
        program = [f"{self.team.programs}/p2pfs", "--state", self.state, "--tracker", self.team.info]
        return self.place.inside([*program, *words])

    def call(self, *words):
        return run(self.words(*words))

    def serve(self):
        words = self.words("--listen", f"{self.place.address}:0", "serve")
        self.daemon = Process(words, self.team.log)
        wait_until(lambda: os.path.exists(f"{self.state}/daemon.sock"), f"{self.name}'s daemon is up")
        return self

    def end(self):
        self.daemon.end()
        self.daemon = None

    def start_download(self, file, destination):
        return Command(self.words("download_file", "team", file, destination), self.team.log)

    def download(self, file, destination):
        return self.start_download(file, destination).finish()

    def sees(self, file, sharers):
        """Whether it is in the local list, and so many share it."""
        lines = self.call("list_files", "team").splitlines()
        return any(line.split(" ", 3)[2:] == [str(sharers), file] for line in lines)

    def fresh(self, state):
        """The same login on a machine that has nothing yet."""
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(self.state, state, ignore=shutil.ignore_patterns("daemon.*"))
        return Member(self.team, self.name, self.place, state)
