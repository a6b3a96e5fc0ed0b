"""One peer of libtorrent, without whatever finds peers by itself; and a tracker that names always the same ones.

    torrent.py make FILE TORRENT [TRACKER]
    torrent.py track ADDRESS:PORT PEER:PORT ...
    torrent.py seed TORRENT FOLDER ADDRESS:PORT plain|rc4|any
    torrent.py fetch TORRENT FOLDER ADDRESS:PORT plain|rc4 SEED:PORT ...

`track` and `seed` say "ready" and stay. `fetch` says how many seconds it took, how many CPU seconds, and after how many
milliseconds the first byte of the file was here.
"""

import http.server
import os
import resource
import socket
import sys
import time

import libtorrent


def make(path, torrent, tracker=None):
    files = libtorrent.file_storage()
    libtorrent.add_files(files, path)
    made = libtorrent.create_torrent(files, flags=libtorrent.create_torrent.v1_only)
    if tracker:
        made.add_tracker(tracker)
    libtorrent.set_piece_hashes(made, os.path.dirname(path))
    with open(torrent, "wb") as file:
        file.write(libtorrent.bencode(made.generate()))


def join(torrent, folder, listen, cipher, is_seed):
    forced, enabled, disabled = 0, 1, 2
    policy = {"rc4": forced, "any": enabled, "plain": disabled}[cipher]
    session = libtorrent.session({
        "listen_interfaces": listen, "outgoing_interfaces": listen.split(":")[0],
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": False, "enable_outgoing_utp": False,
        "in_enc_policy": policy, "out_enc_policy": policy, "allowed_enc_level": 3 if cipher == "any" else 2, "prefer_rc4": cipher == "rc4",
        "allow_multiple_connections_per_ip": True,
        "alert_mask": libtorrent.alert.category_t.storage_notification,
    })
    wish = libtorrent.add_torrent_params()
    wish.ti = libtorrent.torrent_info(torrent)
    wish.save_path = folder
    wish.flags &= ~(libtorrent.torrent_flags.auto_managed | libtorrent.torrent_flags.paused)
    if is_seed:
        wish.flags |= libtorrent.torrent_flags.seed_mode
    return session, session.add_torrent(wish)


def fetch(torrent, folder, listen, cipher, seeds):
    session, handle = join(torrent, folder, listen, cipher, is_seed=False)
    began = time.monotonic()
    for seed in seeds:
        address, port = seed.split(":")
        handle.connect_peer((address, int(port)))
    first = None
    while True:
        status = handle.status()
        if first is None and status.total_payload_download > 0:
            first = time.monotonic() - began
        if status.is_seeding:
            break
        time.sleep(0.01 if first else 0.001)
    seconds = time.monotonic() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(seconds, usage.ru_utime + usage.ru_stime, first * 1000, flush=True)
    wait_until_written(session, handle)
    os._exit(0)  # Saying goodbye takes libtorrent seconds.


def wait_until_written(session, handle):
    """It says that it has everything while some still waits to be written; that counts for neither time nor CPU."""
    handle.flush_cache()
    while not any(isinstance(alert, libtorrent.cache_flushed_alert) for alert in session.pop_alerts()):
        time.sleep(0.01)


def track(address, *peers):
    """Every peer to everyone who asks, whatever he asks for."""
    compact = b"".join(
        socket.inet_aton(peer.split(":")[0]) + int(peer.split(":")[1]).to_bytes(2, "big") for peer in peers)

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = libtorrent.bencode({"interval": 1800, "peers": compact})
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    host, port = address.split(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Answer)
    print("ready", flush=True)
    server.serve_forever()


what, words = sys.argv[1], sys.argv[2:]
if what == "make":
    make(*words)
elif what == "track":
    track(*words)
elif what == "fetch":
    fetch(*words[:4], words[4:])
else:
    kept = join(*words, is_seed=True)
    time.sleep(0.2)
    print("ready", flush=True)
    while True:
        time.sleep(3600)
