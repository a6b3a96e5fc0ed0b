"""Runs the tests that were built: `units`, or `stories` (end to end, as two processes side by side, since most of
their time they wait). What fails is run once more, alone: on a machine that others keep busy a clock may run out. What
fails twice fails the run; what failed once is named at the end.

    tests.py units|stories
"""

import os
import re
import subprocess
import sys
import threading

PROGRAM = ".build/debug/p2pfsPackageTests.xctest"
# Half of the time that stories take; the other half is all others.
SWARM = ("BadInput|BigFile|Console|Crowd|DaemonOption|Demo|Durability|FileWord|Interrupted|Liar|Limit|Loss|"
         "Removal|Restart|Root|Session|Sharing|SwarmCommand|Watched")
FAILED = re.compile(r"✘ Test (?:\"(.+)\"|(\w+)\(.*\)) (?:with \d+ test cases? )?failed after")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Part:
    """One process with some of the tests; what it says comes out line by line behind its name."""

    def __init__(self, name, words, shard=0):
        self.name = name
        self.failed = []
        command = [PROGRAM, "--testing-library", "swift-testing", "--no-parallel", *words]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=os.environ | {"P2PFS_TEST_SHARD": str(shard)})
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            text = COLOUR.sub("", line.decode(errors="replace").rstrip("\n"))
            print(f"{self.name}{text}", flush=True)
            if found := FAILED.search(text):
                self.failed.append(found[1] or found[2])

    def finish(self):
        self.reader.join()
        return self.process.wait()


def run(parts):
    """The names of what failed; a process that did not come to its end has failed for good."""
    ends = [part.finish() for part in parts]
    failed = [name for part in parts for name in part.failed]
    if any(end != 0 for end in ends) and (not failed or any(end < 0 for end in ends)):
        sys.exit(f"tests: ended with {ends}, without a test that says so")
    return failed


def passes_alone(name):
    print(f"tests: once more, alone: {name}", flush=True)
    return not run([Part("again: ", ["--filter", re.escape(name).replace("\\ ", " ")])])


def main():
    if sys.argv[1:] == ["units"]:
        failed = run([Part("", ["--skip", "EndToEndTests"])])
    elif sys.argv[1:] == ["stories"]:
        swarm = rf"EndToEndTests\.\w*({SWARM})\w*/"
        failed = run([
            Part("1: ", ["--filter", swarm], shard=0),
            Part("2: ", ["--filter", "EndToEndTests", "--skip", swarm], shard=1)])
    else:
        sys.exit(__doc__)
    twice = [name for name in failed if not passes_alone(name)]
    for name in failed:
        print(f"tests: failed {'twice' if name in twice else 'once, and passed alone'}: {name}")
    sys.exit(1 if twice else 0)


if __name__ == "__main__":
    main()
