"""Where programs run: addresses of this machine, or network namespaces with links of their own between them."""

import os
import subprocess

from measuring import run


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
        self.choose(os.environ.get("BENCH_CONGESTION"))

    def choose(self, congestion):
        """Whose control of congestion: BBR, this kernel's own choice, paces what follows a pause; Debian's does not."""
        if congestion:
            for place in self.places.values():
                run(place.inside(["sysctl", "-qw", f"net.ipv4.tcp_congestion_control={congestion}"]))

    def end(self):
        self.popen.stdin.close()
        self.popen.wait()
