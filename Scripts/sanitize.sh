#!/bin/bash
# Tests under ThreadSanitizer and under AddressSanitizer, each in a build of its own: the model's, the lines' and the
# metrics', or those that the one argument, a regular expression, names.
# Ends with 1 at any report, and prints it.
set -uo pipefail
cd "$(dirname "$0")/.."
tests=${1:-'^(GroupModelTests|LinkTests|MetricsTests)\.'}
swift=${SWIFT:-swift}
failed=0

# What stands in a log of the sanitizers' own, and in no other.
report='WARNING: ThreadSanitizer|ERROR: AddressSanitizer|ERROR: LeakSanitizer|runtime error:'

passes() {
  local preload=$1 log=$2
  shift 2
  LD_PRELOAD=$preload "$swift" test --skip-build "$@" --filter "$tests" >>"$log" 2>&1 && ! grep -qE "$report" "$log"
}

run() {
  local name=$1 preload=$2 began=$SECONDS
  local log=.build/$name.log
  local options=(--sanitize="$name" --scratch-path ".build/$name")
  mkdir -p .build
  echo "$name: building and running (the log is $log)"
  if ! "$swift" build --build-tests "${options[@]}" >"$log" 2>&1; then
    echo "$name: does not build"
    grep 'error:' "$log" | cut -c1-300 | head -20
    failed=1
  elif passes "$preload" "$log" "${options[@]}"; then
    echo "$name: nothing found, in $((SECONDS - began)) s"
  elif ! grep -qE "$report" "$log" && echo "$name: once more, for $(grep -oE '✘ Test "[^"]*"' "$log" | sort -u | tr '\n' ' ')" \
    && passes "$preload" "$log" "${options[@]}"; then
    # On a machine that others keep busy a clock may run out; what a sanitizer has to say it says at once.
    echo "$name: nothing found the second time, in $((SECONDS - began)) s"
  else
    echo "$name: FAILED, after $((SECONDS - began)) s"
    grep -E -A25 "$report" "$log" | head -80
    grep -E '✘|error:' "$log" | cut -c1-300 | head -20
    failed=1
  fi
}

mkdir -p .build
clang -shared -fPIC -O1 -o .build/tsan-mutex.so Scripts/tsan-mutex.c -ldl || exit 1
export TSAN_OPTIONS="halt_on_error=1"
export LSAN_OPTIONS="suppressions=$PWD/Scripts/lsan.supp:print_suppressions=0"
export SWIFT_BACKTRACE=enable=no
run thread "$PWD/.build/tsan-mutex.so"
run address ""
exit $failed
