#!/bin/bash
# Fuzzes every parser of network bytes: Fuzz/run.sh SECONDS builds all targets and runs them for SECONDS in all.
# Prints a line a target; ends with 1 where one crashed, hung or leaked, and says which bytes did it.
# What is found and what it grew from lie in .build/fuzz; a run goes on from where the last one stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: Fuzz/run.sh SECONDS}
out=.build/fuzz
# A crash is reported by libFuzzer; two at once garble each other.
export SWIFT_BACKTRACE=enable=no
swift=(swiftc -O -parse-as-library -package-name p2pfs -swift-version 6 -enable-upcoming-feature MemberImportVisibility
  -enable-experimental-feature Lifetimes -I Sources/COpenSSL)
# The gold linker warns of every helper of AddressSanitizer.
instrumented=(-sanitize=fuzzer,address -use-ld=lld)
samples=Tests/GroupModelTests/WireSamples.swift

# What shells and daemons say to each other is the program's own.
control=(Sources/p2pfs/Daemon/DaemonMessage.swift Sources/p2pfs/Commands/{Answer,Progress}.swift)

# The model twice: for the seeds as it is, for the targets with what libFuzzer follows.
model() {
  local folder=$1
  shift
  mkdir -p "$folder"
  "${swift[@]}" "$@" -wmo -module-name GroupModel -emit-module-path "$folder/GroupModel.swiftmodule" \
    -c -o "$folder/GroupModel.o" Sources/GroupModel/*/*.swift
}

build() {
  model "$out/plain" &
  local plain=$!
  model "$out/model" "${instrumented[@]}"
  wait $plain
  "${swift[@]}" -I "$out/plain" -o "$out/seeds" Fuzz/Seeds.swift "$samples" "$out/plain/GroupModel.o"
  local target
  for target in Fuzz/Targets/*.swift; do
    local with=()
    [[ $target == */DaemonMessages.swift ]] && with=("${control[@]}")
    "${swift[@]}" "${instrumented[@]}" -I "$out/model" -o "$out/$(basename "$target" .swift)" \
      Fuzz/Support.swift "$target" "${with[@]}" "$out/model/GroupModel.o"
  done
}

stamp=$out/built
if [[ ! -e $stamp || -n $(find Fuzz Sources/GroupModel Sources/COpenSSL "$samples" "${control[@]}" -newer "$stamp" -print -quit) ]]; then
  mkdir -p "$out"
  touch "$stamp.begun"
  build
  mv "$stamp.begun" "$stamp"
fi
mkdir -p "$out/seed" "$out/corpus"
"$out/seeds" "$out/seed"

targets=(Fuzz/Targets/*.swift)
each=$((seconds / ${#targets[@]}))
failed=0
for source in "${targets[@]}"; do
  name=$(basename "$source" .swift)
  mkdir -p "$out/corpus/$name"
  if "$out/$name" -max_total_time=$((each > 0 ? each : 1)) -timeout=20 -rss_limit_mb=1024 -max_len=8192 \
    -use_value_profile=1 -artifact_prefix="$out/$name-" "$out/corpus/$name" "$out/seed/$name" >"$out/$name.log" 2>&1; then
    result=ok
  else
    result=FAILED
    failed=1
  fi
  runs=$(grep -oE '^#[0-9]+' "$out/$name.log" | tail -1 | tr -d '#' || true)
  coverage=$(grep -oE 'cov: [0-9]+' "$out/$name.log" | tail -1 | cut -d' ' -f2 || true)
  printf '%-14s %-6s %10s runs  %6s edges\n' "$name" "$result" "${runs:-0}" "${coverage:-0}"
  if [[ $result == FAILED ]]; then
    grep -E 'ERROR|SUMMARY|Fatal error|Test unit written' "$out/$name.log" | head -5 || tail -5 "$out/$name.log"
  fi
done
exit $failed
