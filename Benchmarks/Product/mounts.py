"""Directories of the same files, mounted: ours, and what a person would use instead. Each is mounted with nothing kept."""

import itertools
import os
import shutil
import subprocess
import sys

from measuring import Process, run, wait_until
from references import TORRENT


class Mount:
    """One that is there between `mount` and `unmount`."""

    everyone = []

    def __init__(self, folder, log):
        Mount.everyone.append(self)
        self.folder = folder
        self.log = log
        self.path = f"{folder}/mnt"
        self.state = f"{folder}/state"
        self.process = None
        self.servers = []
        os.makedirs(self.path)

    def words(self):
        raise NotImplementedError

    def file(self, name):
        return f"{self.path}/{name}"

    def mount(self, name, is_kept=False):
        """Until the file can be looked at; with nothing of what was there before unless it is kept."""
        if not is_kept:
            shutil.rmtree(self.state, ignore_errors=True)
            self.prepare()
        self.process = Process(self.words(), self.log)
        wait_until(lambda: os.path.exists(self.file(name)), f"{self.path} is mounted", 60)

    def prepare(self):
        os.makedirs(self.state)

    def unmount(self):
        run(["umount", self.path])
        wait_until(lambda: self.process.popen.poll() is not None, f"{self.path} is unmounted", 60)
        Process.everyone.remove(self.process)

    @staticmethod
    def clear_all():
        """Whatever has become of them."""
        for mount in Mount.everyone:
            subprocess.run(["umount", "--lazy", mount.path], stderr=subprocess.DEVNULL)

    def end(self):
        for server in reversed(self.servers):
            server.end()
        self.servers = []


class Ours(Mount):
    def __init__(self, folder, login, log, passthrough=True, group="team"):
        super().__init__(folder, log)
        self.login = login
        self.group = group
        self.passthrough = passthrough

    def prepare(self):
        self.member = self.login.fresh(self.state)

    def file(self, name):
        return f"{self.path}/{self.group}/{name}"

    def words(self):
        words = self.member.words("--listen", f"{self.login.place.address}:0", "mount", "-f", self.path)
        return words if self.passthrough else ["env", "P2PFS_PASSTHROUGH=0", *words]


class Disk(Mount):
    """No mount at all: the disk on which all caches lie."""

    def mount(self, name, is_kept=False):
        pass

    def unmount(self):
        pass


class Sshfs(Mount):
    """With the cipher that members use."""

    CONFIGURATION = """
ListenAddress {address}:2222
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/pid
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin yes
Subsystem sftp internal-sftp
"""

    def __init__(self, folder, server, reader, root, log):
        super().__init__(folder, log)
        self.reader, self.address, self.root = reader, server.address, root
        os.makedirs("/run/sshd", exist_ok=True)
        for key in ("host", "user"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/{key}"])
        with open(f"{folder}/sshd_config", "w") as file:
            file.write(self.CONFIGURATION.format(address=self.address, folder=folder))
        self.servers = [Process(server.inside(["/usr/sbin/sshd", "-D", "-e", "-f", f"{folder}/sshd_config"]), log)]
        wait_until(lambda: os.path.exists(f"{folder}/pid"), "sshd is up")

    def words(self):
        options = ",".join([
            f"IdentityFile={self.folder}/user", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR", "Ciphers=aes128-gcm@openssh.com"])
        return self.reader.inside(
            ["sshfs", "-f", "-p", "2222", "-F", "/dev/null", "-o", options, f"root@{self.address}:{self.root}", self.path])


class Rclone(Mount):
    """Of nginx over TLS; what was read is kept on the disk."""

    def __init__(self, folder, web, reader, log):
        super().__init__(folder, log)
        self.reader, self.web = reader, web

    def words(self):
        return self.reader.inside(
            ["rclone", "mount", ":http:", self.path, "--http-url", f"https://{self.web.address}:8443/",
             "--ca-cert", self.web.certificate, "--config", "/dev/null", "--read-only", "--vfs-cache-mode", "full",
             "--cache-dir", self.state])


class Btfs(Mount):
    """Seeds of libtorrent, in the clear, and a tracker that names them."""

    ports = itertools.count(7001)

    def __init__(self, folder, places, reader, paths, log):
        super().__init__(folder, log)
        self.reader = reader
        self.torrents = {}
        for path in paths:
            torrent = f"{folder}/{os.path.basename(path)}.torrent"
            self.torrents[os.path.basename(path)] = torrent
            # Of several peers at one address libtorrent knows but one, so each torrent has a tracker of its own.
            tracker, port = f"{places[0].address}:{next(self.ports)}", next(self.ports)
            seeds = [f"{place.address}:{port}" for place in places]
            self.serve(places[0], ["track", tracker, *seeds])
            run([*TORRENT, "make", path, torrent, f"http://{tracker}/announce"])
            for place, seed in zip(places, seeds):
                self.serve(place, ["seed", torrent, os.path.dirname(path), seed, "any"])

    def serve(self, place, words):
        self.servers.append(Process(place.inside([*TORRENT, *words]), self.log, waits_for_line=True))

    def mount(self, name, is_kept=False):
        self.torrent = self.torrents[name.split("/")[0]]
        super().mount(name, is_kept)

    def words(self):
        return self.reader.inside(
            ["btfs", "-f", f"--data-directory={self.state}", "--min-port=7500", "--max-port=7500", self.torrent,
             self.path])
