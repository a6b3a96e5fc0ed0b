#!/bin/sh
# Installs the Debian packages that are missing, and says so; with all of them there it says nothing.
# usage: Scripts/setup.sh PACKAGE…
set -eu
missing=
for package in "$@"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo "setup: these Debian packages are missing:$missing: install them as root: apt-get install$missing" >&2
    exit 69
  }
  as_root=sudo
fi
echo "setup: installing the Debian packages that are missing:$missing"
# shellcheck disable=SC2086
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
