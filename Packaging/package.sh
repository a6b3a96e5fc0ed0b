#!/bin/sh
# Builds .build/p2pfs_<version>_<architecture>.deb of what `make build` has built: the version is what p2pfs says of
# itself, the dependencies are the packages whose libraries the programs ask for.
set -eu
cd "$(dirname "$0")/.."
umask 022
version=$(.build/release/p2pfs --version)
version=${version#p2pfs }
architecture=$(dpkg --print-architecture)
# Of its own, for two may be at it.
work=$(mktemp -d .build/package.XXXXXX)
trap 'rm -rf "$work"' EXIT
tree=$work/debian/p2pfs
documents=$tree/usr/share/doc/p2pfs
# So that the same commit gives the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

Packaging/install.sh install "$tree" /usr
strip --strip-unneeded "$tree"/usr/bin/*
gzip -9n "$tree"/usr/share/man/man*/*
mkdir -p "$tree/etc/p2pfs" "$tree/DEBIAN"
cp Packaging/debian/copyright "$documents/copyright"
{
  echo "p2pfs ($version) unstable; urgency=medium"
  echo
  sed 's/^/  * /' Packaging/debian/news
  echo
  echo " -- $(sed -n 's/^Maintainer: //p' Packaging/debian/control)  $(date -uR -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$documents/changelog.gz"

# dpkg-shlibdeps wants to find debian/control, and the programs below debian.
printf 'Source: p2pfs\n\nPackage: p2pfs\nArchitecture: any\n' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O -e debian/p2pfs/usr/bin/p2pfs -e debian/p2pfs/usr/bin/tracker 2>warnings) || {
  cat "$work/warnings" >&2
  exit 74
}
libraries=${libraries#shlibs:Depends=}
size=$(du -sk --apparent-size --exclude=DEBIAN "$tree" | cut -f1)
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@SIZE@/$size/" \
  -e "s/@LIBRARIES@/$libraries/" Packaging/debian/control >"$tree/DEBIAN/control"
for script in postinst prerm postrm; do
  install -m 755 "Packaging/debian/$script" "$tree/DEBIAN/$script"
done
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"

# At this level it takes a tenth of the time of the usual one, for a fifth more bytes.
package=.build/p2pfs_${version}_$architecture.deb
dpkg-deb --root-owner-group --build -Zxz -z1 "$tree" "$work/package.deb" >/dev/null
mv "$work/package.deb" "$package"
echo "$package"
