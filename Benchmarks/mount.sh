#!/bin/sh
# Reading through a mount: with the real programs, over loopback and over links of 20 ms, beside sshfs, rclone over
# nginx, btfs and the disk. Prints tables. As root, in namespaces of its own, with which its mounts go, too.
# usage: Benchmarks/mount.sh [--quick] [--only loopback|links]
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || {
  echo "bench: namespaces need root: run it with sudo" >&2
  exit 77
}
bin=${BENCH_PROGRAMS:-$(pwd)/.build/release}
work=$(mktemp -d "${BENCH_DIR:-.build}/bench-mount.XXXXXX")
trap '${BENCH_KEEP:+:} rm -rf "$work"' EXIT
trap 'exit 75' INT TERM

# Debian's own Python, which has the Debian package of libtorrent.
unshare --net --mount sh -c 'ip link set lo up && exec "$@"' sh \
  /usr/bin/python3 -B Benchmarks/Product/mount.py "$bin" "$work" "$@"
