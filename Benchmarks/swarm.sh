#!/bin/sh
# Files between members: with the real programs, over loopback and over links of 20 ms, beside curl and libtorrent;
# then the swarm alone, without daemon and commands. Prints tables. As root.
# usage: Benchmarks/swarm.sh [--quick] [--only loopback|links|crowd|alone]
exec "$(dirname "$0")/apart.sh" swarm.py "$@"
