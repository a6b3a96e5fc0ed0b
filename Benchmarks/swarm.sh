#!/bin/sh
# Files between members: with the real programs, over loopback and over links of 20 ms, beside curl and libtorrent;
# then the swarm alone, without daemon and commands. Prints tables. As root, in network namespaces of its own.
# usage: Benchmarks/swarm.sh [--quick]
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || {
  echo "bench: network namespaces need root: run it with sudo" >&2
  exit 77
}
bin=$(pwd)/.build/release
work=$(mktemp -d "${BENCH_DIR:-.build}/bench-swarm.XXXXXX")
trap '${BENCH_KEEP:+:} rm -rf "$work"' EXIT
trap 'exit 75' INT TERM
mib=1024
[ "${1:-}" != --quick ] || mib=256

# Debian's own Python, which has the Debian package of libtorrent.
unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
  /usr/bin/python3 -B Benchmarks/Product/swarm.py "$bin" "$work" "$@"

echo "The swarm alone, each end a process without a daemon, $mib MiB over loopback:"
echo
for run in "1 store" "4 store" "4 quarters" "1 random"; do
  set -- $run
  "$bin/swarm-load" "$mib" "$1" "$2" /dev/shm "$work"
done
