#!/bin/sh
# Puts what `Packaging/files` lists where it says, or takes exactly that away again.
# usage: Packaging/install.sh install|uninstall DESTDIR PREFIX
set -eu
cd "$(dirname "$0")/.."
action=$1 root=$2 prefix=$3
case $prefix in
/*) ;;
*) echo "install: PREFIX has to begin with a slash, and is '$prefix'" >&2 && exit 64 ;;
esac
# Debian's packages and the rest of the world look in different places.
[ "$prefix" = /usr ] && zsh=share/zsh/vendor-completions || zsh=share/zsh/site-functions

each() {
  grep -v '^#' Packaging/files | while read -r mode file place; do
    case $place in '$ZSH/'*) place=$zsh/${place#*/} ;; esac
    "$1" "$mode" "$file" "$root$prefix/$place"
  done
}

put() {
  mkdir -p "${3%/*}"
  case $3 in
  *.7) python3 Packaging/protocol-page.py "$2" >"$3.new" ;;
  # Units name programs by their whole path.
  *.service) sed "s#=\(-\?\)/usr/bin/#=\1$prefix/bin/#" "$2" >"$3.new" ;;
  *) cp "$2" "$3.new" ;;
  esac
  chmod "$1" "$3.new"
  # A program that runs keeps the file that it was started from.
  mv -f "$3.new" "$3"
}

take() {
  rm -f "$3"
  directory=${3%/*}
  case $directory in
  */doc/p2pfs | */plocate-updatedb.service.d) rmdir --ignore-fail-on-non-empty "$directory" ;;
  */doc/p2pfs/examples) rmdir --ignore-fail-on-non-empty "$directory" "${directory%/*}" ;;
  esac 2>/dev/null || :
}

case $action in
install) each put ;;
uninstall) each take ;;
*) echo "usage: Packaging/install.sh install|uninstall DESTDIR PREFIX" >&2 && exit 64 ;;
esac
