#!/bin/sh
# Runs a bench in namespaces of its own, as root: no other program of this machine meets it, and when it ends, or is
# ended, its processes, mounts, addresses and what it had in memory are gone with them.
# usage: Benchmarks/apart.sh PROGRAM.py [WORD]...
# BENCH_PROGRAMS names the directory of the programs (.build/release), BENCH_DIR the one for caches (.build).
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || {
  echo "bench: namespaces need root: run it with sudo" >&2
  exit 77
}
bench=Benchmarks/Product/$1
shift
bin=${BENCH_PROGRAMS:-$(pwd)/.build/release}
work=$(mktemp -d "${BENCH_DIR:-.build}/bench.XXXXXX")
inside=
trap '${BENCH_KEEP:+:} rm -rf "$work"' EXIT
# When the first process in there ends, the kernel ends all others, and only then is `unshare` told of it.
trap 'pkill -KILL -P "$inside" || :; wait "$inside" || :; exit 75' HUP INT TERM

# Debian's own Python, which has the package of libtorrent. In a session of its own: Ctrl-C comes here alone.
setsid unshare --net --mount --pid --fork --kill-child --mount-proc sh -c '
  ip link set lo up
  mount -t tmpfs -o mode=1777 bench /dev/shm
  exec "$@"' sh /usr/bin/python3 -B "$bench" "$bin" "$work" "$@" &
inside=$!
wait "$inside"
