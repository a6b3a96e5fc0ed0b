#!/bin/sh
# A file from members to another over loopback, each a process of its own. The seeds' file lies in memory.
# usage: Benchmarks/swarm.sh [MiB]
set -eu
cd "$(dirname "$0")/.."
load=$(pwd)/.build/release/swarm-load
mib=${1:-1024}
target=${BENCH_DIR:-/tmp}
for run in "1 store" "1 store" "1 store" "4 store" "4 quarters" "1 random"; do
  set -- $run
  "$load" "$mib" "$1" "$2" /dev/shm "$target"
done
