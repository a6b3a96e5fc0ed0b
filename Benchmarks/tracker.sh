#!/bin/sh
# Starts a tracker with data of its own, puts it under load, prints the table, and ends it.
# usage: Benchmarks/tracker.sh [--quick]
set -eu
cd "$(dirname "$0")/.."
bin=${BENCH_PROGRAMS:-$(pwd)/.build/release}
work=$(mktemp -d "${BENCH_DIR:-.build}/bench.XXXXXX")
# One that nobody listens on.
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
load= tracker=
trap 'kill $load $tracker 2>/dev/null || :; wait; ${BENCH_KEEP:+:} rm -rf "$work"' EXIT
trap 'exit 75' HUP INT TERM
echo "127.0.0.1:$port" >"$work/tracker_info.txt"
"$bin/tracker" --data "$work/data" --log warning "$work/tracker_info.txt" 1 >"$work/ready" </dev/null &
tracker=$!
until grep -q ready "$work/ready"; do
  kill -0 "$tracker"
  sleep 0.05
done
# Beside this shell, which otherwise would hear of a signal only when the load is over.
"$bin/tracker-load" "$@" "$port" "$work/data" "$tracker" &
load=$!
wait "$load"
