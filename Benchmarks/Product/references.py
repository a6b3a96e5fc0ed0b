"""What a person would use instead: nginx and curl over TLS 1.3, and libtorrent."""

import os
import sys

from measuring import Command, Process, run, wait_until

TORRENT = [sys.executable, os.path.join(os.path.dirname(__file__), "torrent.py")]

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
  ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
  server {{ listen {address}:8443 ssl; root {root}; autoindex on; }}
}}
"""


class WebServer:
    """With the cipher that members use, and one worker, as one seed is one process."""

    def __init__(self, folder, place, root, log):
        os.makedirs(folder)
        self.address = place.address
        self.log = log
        run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=bench", "-addext", f"subjectAltName=IP:{place.address}",
             "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem"])
        self.certificate = f"{folder}/certificate.pem"
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(NGINX.format(folder=folder, address=place.address, root=root))
        words = ["nginx", "-p", folder, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
        self.process = Process(place.inside(words), log)
        wait_until(lambda: os.path.exists(f"{folder}/pid"), "nginx is up")

    def fetch(self, file, destination, place):
        """Seconds, CPU seconds, milliseconds to the first byte."""
        words = ["curl", "-sS", "--fail", "--http1.1", "--tlsv1.3", "--cacert", self.certificate, "-o", destination,
                 "-w", "%{time_starttransfer}", f"https://{self.address}:8443/{file}"]
        seconds, cpu, said = Command(place.inside(words), self.log).finish()
        return seconds, cpu, float(said) * 1000


class Torrent:
    """One file as libtorrent has it: version 1, the pieces that it chooses by itself."""

    def __init__(self, path, folder, log):
        self.folder = os.path.dirname(path)
        self.torrent = f"{folder}/{os.path.basename(path)}.torrent"
        self.log = log
        run([*TORRENT, "make", path, self.torrent])

    def seed(self, place, port, cipher):
        words = [*TORRENT, "seed", self.torrent, self.folder, f"{place.address}:{port}", cipher]
        return Process(place.inside(words), self.log, waits_for_line=True)

    def fetch(self, folder, place, seeds, cipher):
        """Seconds, CPU seconds, milliseconds to the first byte; from when it was told of the seeds."""
        words = [*TORRENT, "fetch", self.torrent, folder, f"{place.address}:0", cipher, *seeds]
        _, _, said = Command(place.inside(words), self.log).finish()
        seconds, cpu, first = map(float, said.split())
        return seconds, cpu, first
