#!/bin/sh
# Puts promtool into the directory that is named, unless there is one already, there or installed. It is unpacked from
# Debian's package prometheus, which is not installed: that would start a server on this machine.
# usage: Scripts/promtool.sh DIR
set -eu
directory=$1
command -v promtool >/dev/null || [ -x "$directory/promtool" ] && exit 0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The one who downloads is apt's own user, where there is one.
chmod 0755 "$scratch"
echo "setup: fetching promtool from Debian's package prometheus"
cd "$scratch"
apt-get download -qq prometheus 2>/dev/null || {
  echo "setup: cannot fetch Debian's package prometheus, in which promtool is: look at 'apt-get download prometheus'" >&2
  exit 69
}
dpkg-deb -x prometheus_*.deb unpacked
cd - >/dev/null
mkdir -p "$directory"
mv "$scratch/unpacked/usr/bin/promtool" "$directory/promtool"
