#!/bin/sh
# The whole story on one machine: a tracker, three members, two mounts; each command is printed before it runs.
# usage: Scripts/demo.sh [--keep | --stop]
#   --keep  leaves everything running under ./demo, and says how to stop it
#   --stop  ends what --keep left
# P2PFS_BIN names the directory of the two programs (.build/release), DEMO_BYTES the size of what is shared.
set -eu
cd "$(dirname "$0")/.."
BIN=$(cd "${P2PFS_BIN:-.build/release}" && pwd)
KEPT=$PWD/demo
DEMO_BYTES=${DEMO_BYTES:-100000000}

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

fail() {
  echo "demo: $*" >&2
  exit 1
}

# as NAME COMMAND: what that member types, then what it gives. A command that fails ends the demo.
as() {
  member=$1
  shift
  printf '%s%s$%s %s\n' "$colour" "$member" "$plain" "$*"
  (export P2PFS_STATE="$place/.state/$member" && cd "$place" && eval "$*" 2>&1)
}

# The same, of a command that is refused: the demo shows how.
as_refused() {
  if as "$@"; then fail "this should have been refused"; fi
}

# until WHAT COMMAND: some seconds, then it is said what did not come.
until_true() {
  what=$1 tries=0
  shift
  while ! "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || fail "$what did not come in ten seconds: the logs are under $place/.state"
    sleep 0.1
  done
}

check_machine() {
  for program in tracker p2pfs; do
    [ -x "$BIN/$program" ] || fail "$BIN/$program is missing: run 'make demo', which builds it"
  done
  [ -r /dev/fuse ] && [ -w /dev/fuse ] ||
    fail "/dev/fuse cannot be opened by $(id -un): run 'modprobe fuse', or as root 'chmod a+rw /dev/fuse'"
}

# Ends what runs under a directory, and what is mounted there; by the pids that were noted, never by name.
stop_in() {
  for mount in "$1"/alice "$1"/bob; do
    if grep -q " $mount fuse.p2pfs " /proc/mounts; then
      "$BIN/p2pfs" unmount "$mount" >/dev/null 2>&1 || fusermount3 -u -z "$mount" 2>/dev/null || umount -l "$mount"
    fi
  done
  for pid in $(cat "$1"/.state/*.pid 2>/dev/null); do
    case $(readlink "/proc/$pid/exe" 2>/dev/null) in */p2pfs | */tracker) kill "$pid" 2>/dev/null || : ;; esac
    tries=0
    while [ -d "/proc/$pid" ] && [ "$tries" -lt 50 ]; do
      tries=$((tries + 1))
      sleep 0.1
    done
  done
  rm -rf "$1"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# stays NAME COMMAND: in the background, whatever becomes of the terminal; its pid is noted for the end.
stays() {
  name=$1
  shift
  (
    cd "$place"
    # Ctrl-C is for the demo, which ends it in its own time.
    trap '' INT
    P2PFS_STATE=$place/.state/$name exec setsid "$@" >".state/$name.out" 2>&1 </dev/null
  ) &
  echo $! >"$place/.state/$name.pid"
}

start_tracker() {
  say "1. A tracker: it knows who is who, and never sees a file."
  echo "127.0.0.1:$(free_port)" >"$place/tracker_info.txt"
  printf '%s$%s tracker tracker_info.txt 1 &\n' "$colour" "$plain"
  mkdir -p "$place/.state"
  stays tracker "$BIN/tracker" --data .state/data tracker_info.txt 1
  until_true "the tracker" grep -q '^tracker 1 ready' "$place/.state/tracker.out"
  cat "$place/.state/tracker.out"
}

make_members() {
  say "2. Alice, Bob and Carol make accounts; Alice and Bob mount a directory, Carol's machine has no FUSE."
  echo "(In real life each is on a machine of his own, and the password is asked for.)"
  as alice "p2pfs create_user alice && p2pfs login alice"
  as bob "p2pfs create_user bob && p2pfs login bob"
  as carol "p2pfs create_user carol && p2pfs login carol"
  as alice "p2pfs mount alice --listen 127.0.0.1:0"
  as bob "p2pfs mount bob --listen 127.0.0.1:0 --down-limit 40M"
  printf '%scarol$%s p2pfs serve --listen 127.0.0.1:0 &\n' "$colour" "$plain"
  stays carol "$BIN/p2pfs" serve --listen 127.0.0.1:0
  until_true "Carol's daemon" carol_serves
}

carol_serves() { P2PFS_STATE=$place/.state/carol p2pfs peers; }

make_group() {
  say "3. A group is a directory. Asking to join and accepting are writes to small files."
  as alice "mkdir alice/team"
  as bob "echo team > bob/.join"
  as bob "cat bob/.join"
  as alice "cat alice/team/.requests"
  as alice "echo accept bob > alice/team/.requests"
  as alice "cat alice/team/.members"
  until_true "the group at Bob's" test -d "$place/bob/team"
  as bob "ls bob"
}

share_a_file() {
  say "4. To share a file is to copy it in; when cp returns it is there for Bob."
  as alice "head -c $DEMO_BYTES /dev/urandom > recording.mov"
  as alice "time -p cp recording.mov alice/team/"
  as bob "ls -l bob/team"
  as bob "p2pfs list_files team"
}

read_on_demand() {
  say "5. Bob looks at 4 KiB in the middle: that is what is fetched, with its proof, not the file."
  as bob "getfattr --only-values -n user.p2pfs.have bob/team/recording.mov; echo ' bytes of it are here'"
  as bob "dd if=bob/team/recording.mov bs=4096 skip=1200 count=1 status=none | sha256sum"
  as alice "dd if=recording.mov bs=4096 skip=1200 count=1 status=none | sha256sum"
  as bob "getfattr --only-values -n user.p2pfs.have bob/team/recording.mov; echo ' bytes of it are here'"
}

read_all() {
  say "6. And the whole of it: encrypted on the way, verified before a program sees it."
  as bob "echo start team recording.mov > bob/.downloads"
  sleep 1
  as bob "cat bob/.downloads"
  as bob "p2pfs status"
  as bob "sha256sum bob/team/recording.mov"
  as alice "sha256sum recording.mov"
  as bob "cat bob/.downloads"
}

fetch_from_both() {
  say "7. Carol asks in a shell, and fetches from both of them at once: who has read a piece serves it."
  as carol "p2pfs join_group team"
  as alice "echo accept carol > alice/team/.requests"
  as carol "p2pfs download_file team recording.mov carol.mov"
  as carol "cmp recording.mov carol.mov && echo the same"
  as carol "p2pfs show_downloads"
  as carol "p2pfs peers team recording.mov"
  as carol "p2pfs status"
}

write_and_refuse() {
  say "8. Ordinary programs simply work, and a refusal says why."
  as bob "echo 'cut the first minute' > bob/team/notes.txt"
  as alice "cat alice/team/notes.txt"
  as_refused bob "rm bob/team/recording.mov"
  as bob "tail -n 1 bob/.log"
  as alice "mkdir alice/team/2026 && mv alice/team/recording.mov alice/team/2026/"
  as bob "find bob/team -type f"
}

tell_how_to_stop() {
  say "Everything is left running under ./demo: alice and bob are mounts, recording.mov is what was shared."
  echo "Talk to a member's daemon with his state directory, for example:"
  echo "  $BIN/p2pfs --state demo/.state/bob status"
  echo "To stop and remove it: make demo-stop"
}

main() {
  bold= colour= plain=
  if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') colour=$(printf '\033[36m') plain=$(printf '\033[0m')
  fi
  keep=
  case ${1:-} in
    --keep) keep=yes ;;
    --stop)
      [ -d "$KEPT" ] || fail "nothing to stop: there is no ./demo"
      stop_in "$KEPT"
      exit 0
      ;;
    '') ;;
    *) fail "unknown option $1: --keep or --stop" ;;
  esac
  check_machine
  if [ -n "$keep" ]; then
    [ ! -d "$KEPT" ] || stop_in "$KEPT"
    place=$KEPT
    mkdir "$place"
  else
    place=$(mktemp -d "${TMPDIR:-/tmp}/p2pfs-demo.XXXXXX")
  fi
  trap 'stop_in "$place"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  export PATH="$BIN:$PATH" P2PFS_TRACKER="$place/tracker_info.txt" P2PFS_PASSWORD=correct-horse-battery
  start_tracker
  make_members
  make_group
  share_a_file
  read_on_demand
  read_all
  fetch_from_both
  write_and_refuse
  if [ -n "$keep" ]; then
    trap - EXIT
    tell_how_to_stop
  else
    say "That was it. Everything is stopped and removed; 'make demo KEEP=1' leaves it for you to play with."
  fi
}

main "$@"
