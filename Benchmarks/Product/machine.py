"""On which machine it was measured, with which versions, and whether others used it meanwhile."""

import os
import subprocess
import time

PACKAGES = {
    "OpenSSL": "libssl3", "SQLite": "libsqlite3-0", "libfuse": "libfuse3-3", "nginx": "nginx-light", "curl": "curl",
    "libtorrent": "python3-libtorrent", "sshfs": "sshfs", "OpenSSH": "openssh-server", "rclone": "rclone",
    "btfs": "btfs", "Syncthing": "syncthing"}


def said(*words):
    """What a program says; nothing where it is missing or fails."""
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def field(path, name):
    with open(path) as file:
        for line in file:
            if line.startswith(name):
                return line.split(":", 1)[1].strip()
    return "unknown"


def hardware(folder):
    memory = int(field("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    model = field("/proc/cpuinfo", "model name")
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB of memory, {disk(folder)}"


def disk(folder):
    source, kind = said("findmnt", "-no", "SOURCE,FSTYPE", "-T", folder).split()
    return f"{kind} on {os.path.basename(source)}"


def system():
    with open("/etc/os-release") as file:
        names = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
    return f"{names.get('PRETTY_NAME', 'Linux').strip(chr(34))}, kernel {os.uname().release}"


def commit():
    name = said("git", "describe", "--always", "--abbrev=10") or "unknown"
    return name + (", with changes" if said("git", "status", "--porcelain", "--", "Sources", "Package.swift") else "")


def version(package):
    return said("dpkg-query", "-W", "-f", "${Version}", package) or "missing"


def used_by_others(seconds=2):
    """The part of all CPUs that is in use while nothing of ours runs. The load says less: it remembers what was."""
    before = cpu_ticks()
    time.sleep(seconds)
    busy, every = (after - then for after, then in zip(cpu_ticks(), before))
    return busy / max(every, 1)


def cpu_ticks():
    with open("/proc/stat") as file:
        fields = [int(word) for word in file.readline().split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)
