#!/usr/bin/env python3
"""Prints the roots that MerkleVectorTests.swift holds, as libtorrent computes them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install libtorrent
    /tmp/venv/bin/python merkle_vectors.py

The content of every file is `byte(0), byte(1), ...`; Samples.swift has the same formula.
The piece layer's own SHA-256 is printed too: it holds the padding between pieces to libtorrent's.
"""

import hashlib
import os
import tempfile

import libtorrent

PIECE = 512 * 1024
SIZES = [1, 16384 - 1, 16384, 16384 + 1, PIECE - 1, PIECE, PIECE + 1, 3 * 1048576 + 7, 10 * 1048576 + 7]
MASK = (1 << 64) - 1


def byte(index):
    word = (index + 1) * 0x9E3779B97F4A7C15 & MASK
    word ^= word >> 32
    return (word * 0xD6E8FEB86659FD93 & MASK) >> 56


def torrent(directory, content):
    path = os.path.join(directory, "file")
    with open(path, "wb") as file:
        file.write(content)
    storage = libtorrent.file_storage()
    libtorrent.add_files(storage, path)
    creator = libtorrent.create_torrent(storage, PIECE, libtorrent.create_torrent.v2_only)
    libtorrent.set_piece_hashes(creator, directory)
    return creator.generate()


def main():
    content = bytes(byte(index) for index in range(max(SIZES)))
    for size in SIZES:
        with tempfile.TemporaryDirectory() as directory:
            made = torrent(directory, content[:size])
        root = made[b"info"][b"file tree"][b"file"][b""][b"pieces root"]
        layer = made[b"piece layers"].get(root)
        layer_hash = hashlib.sha256(layer).hexdigest() if layer else "-"
        print(size, root.hex(), layer_hash)


main()
