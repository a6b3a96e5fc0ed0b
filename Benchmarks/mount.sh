#!/bin/sh
# Reading through a mount: with the real programs, over loopback and over links of 20 ms, beside sshfs, rclone over
# nginx, btfs and the disk; and from a copy at one member to the other, beside Syncthing. Prints tables. As root.
# usage: Benchmarks/mount.sh [--quick] [--only loopback|handover|links]
exec "$(dirname "$0")/apart.sh" mount.py "$@"
