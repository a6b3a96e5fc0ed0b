"""Two Syncthings that know each other and nobody else, with one directory between them."""

import copy
import os
import shutil
from xml.etree import ElementTree

from measuring import Process, run, wait_until

# All else is as it comes: it watches its directory, and speaks TLS 1.3. By itself it would also give way to others.
OPTIONS = {
    "globalAnnounceEnabled": "false", "localAnnounceEnabled": "false", "relaysEnabled": "false", "natEnabled": "false",
    "crashReportingEnabled": "false", "autoUpgradeIntervalH": "0", "urAccepted": "-1", "startBrowser": "false",
    "setLowPriority": "false"}


class Syncthing:
    def __init__(self, folder, place, wait_seconds, log):
        self.folder, self.place, self.wait_seconds, self.log = folder, place, wait_seconds, log
        self.shared, self.fresh, self.home = (f"{folder}/{name}" for name in ("shared", "fresh", "home"))
        os.makedirs(folder)
        run(["syncthing", "generate", f"--home={self.fresh}", "--no-default-folder", "--skip-port-probing"])
        self.device = run(["syncthing", "serve", f"--home={self.fresh}", "--device-id"]).strip()

    def configure(self, other):
        """What it made by itself, with the directory and the other one."""
        tree = ElementTree.parse(f"{self.fresh}/config.xml")
        root = tree.getroot()
        for name, value in {"listenAddress": f"tcp://{self.place.address}:22000", **OPTIONS}.items():
            root.find(f"options/{name}").text = value
        root.find("gui").set("enabled", "false")
        own = root.find("device")
        theirs = copy.deepcopy(own)
        theirs.set("id", other.device)
        theirs.find("address").text = f"tcp://{other.place.address}:22000"
        root.append(theirs)
        directory = copy.deepcopy(root.find("defaults/folder"))
        for name, value in {"id": "team", "path": self.shared, "fsWatcherDelayS": str(self.wait_seconds)}.items():
            directory.set(name, value)
        ElementTree.SubElement(directory, "device", id=other.device)
        root.append(directory)
        tree.write(f"{self.home}/config.xml")

    def start(self, other):
        """With nothing of before but who it is."""
        for path in (self.home, self.shared):
            shutil.rmtree(path, ignore_errors=True)
        os.makedirs(f"{self.shared}/.stfolder")
        shutil.copytree(self.fresh, self.home)
        self.configure(other)
        # As one process, which can be measured: it believes that the one that would start it anew is there.
        words = ["env", "STMONITORED=yes", "syncthing", "serve", f"--home={self.home}", "--no-browser", "--no-upgrade"]
        self.process = Process(self.place.inside(words), self.log)


class SyncthingPair:
    """Ready when a small file of the one has come to the other."""

    def __init__(self, folder, giver, taker, wait_seconds, log):
        self.giver = Syncthing(f"{folder}/giver", giver, wait_seconds, log)
        self.taker = Syncthing(f"{folder}/taker", taker, wait_seconds, log)

    def begin(self):
        self.giver.start(self.taker)
        with open(f"{self.giver.shared}/first", "w") as file:
            file.write("first")
        self.taker.start(self.giver)
        wait_until(lambda: os.path.exists(f"{self.taker.shared}/first"), "the two Syncthings know each other", 90)

    @property
    def processes(self):
        return self.giver.process, self.taker.process

    def paths(self, name):
        return f"{self.giver.shared}/{name}", f"{self.taker.shared}/{name}"

    def end(self):
        for process in self.processes:
            process.end()
        for end in (self.giver, self.taker):
            shutil.rmtree(end.shared)
