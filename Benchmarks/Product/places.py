"""Where programs run: addresses of this machine, or network namespaces with links of their own between them."""

import os
import subprocess

from measuring import run, wait_until


class Here:
    """An address on the loopback device."""

    def __init__(self, address):
        self.address = address
        run(["ip", "address", "add", f"{address}/32", "dev", "lo"])

    def inside(self, words):
        return words


class There:
    """A namespace at the end of a link."""

    def __init__(self, address, namespace):
        self.address = address
        self.namespace = namespace

    def inside(self, words):
        return ["nsenter", f"--net={self.namespace}", *words]

    @property
    def sent_bytes(self):
        """What its link has carried away, headers and all."""
        for line in run(self.inside(["cat", "/proc/net/dev"])).splitlines():
            if line.strip().startswith("link0:"):
                return int(line.split(":")[1].split()[8])
        raise RuntimeError("a place without a link")


class Beside:
    """A namespace on a wire to this one: a machine with one address, which is all that some programs understand."""

    def __init__(self, address, mine):
        self.address = address
        self.popen = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        self.namespace = f"/proc/{self.popen.pid}/ns/net"
        here = os.stat("/proc/self/ns/net").st_ino
        wait_until(lambda: os.stat(self.namespace).st_ino != here, "the namespace is there")
        run(["ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", str(self.popen.pid)])
        run(["ip", "address", "add", f"{mine}/24", "dev", "wire"])
        run(["ip", "link", "set", "wire", "up"])
        run(self.inside(["ip", "address", "add", f"{address}/24", "dev", "wire"]))
        run(self.inside(["ip", "link", "set", "wire", "up"]))
        run(self.inside(["ip", "link", "set", "lo", "up"]))

    def inside(self, words):
        return ["nsenter", f"--net={self.namespace}", *words]

    def end(self):
        self.popen.kill()
        self.popen.wait()


class Links:
    """`links` gives each address a namespace; both are gone when it ends."""

    def __init__(self, folder, delay_milliseconds, rates):
        program = f"{folder}/links"
        source = os.path.join(os.path.dirname(__file__), "links.c")
        run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source])
        words = [f"{address}/{mbit}" if mbit else address for address, mbit in rates.items()]
        # Before everybody else, or the links would slow down when the machine is busy.
        self.popen = subprocess.Popen(
            ["nice", "-n", "-10", program, str(delay_milliseconds), *words], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        lines = iter(self.popen.stdout.readline, "\n")
        self.places = {address: There(address, next(lines).strip()) for address in rates}
        if self.popen.stdout.readline() != "\n":
            raise RuntimeError("the links are not up")

    def end(self):
        self.popen.stdin.close()
        self.popen.wait()
