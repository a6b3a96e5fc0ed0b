#!/bin/sh
# Starts a tracker with data of its own, puts it under load, prints the table, and ends it.
# usage: Benchmarks/tracker.sh [--quick]
set -eu
cd "$(dirname "$0")/.."
bin=$(pwd)/.build/release
work=$(mktemp -d "${BENCH_DIR:-.build}/bench-tracker.XXXXXX")
port=${BENCH_PORT:-19002}
trap 'kill "$tracker" 2>/dev/null || true; wait 2>/dev/null || true; ${BENCH_KEEP:+:} rm -rf "$work"' EXIT
echo "127.0.0.1:$port" >"$work/tracker_info.txt"
"$bin/tracker" --data "$work/data" --log warning "$work/tracker_info.txt" 1 >"$work/ready" </dev/null &
tracker=$!
until grep -q ready "$work/ready"; do
  kill -0 "$tracker"
  sleep 0.05
done
"$bin/tracker-load" "$@" "$port" "$work/data" "$tracker"
