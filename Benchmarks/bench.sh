#!/bin/sh
# All benches in turn: writes Benchmarks/RESULTS.md, with tables and pictures, or RESULTS-quick.md. As root.
# usage: Benchmarks/bench.sh [--quick]
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || {
  echo "bench: namespaces need root: run it with sudo" >&2
  exit 77
}
exec /usr/bin/python3 -B Benchmarks/Product/report.py "$@"
