"""Fetch archives from a real HTTP server on this machine: many at once, without being told.

    python examples/fetch_local.py [how many archives]

The server hands out the packages of the standard library as .tar.gz archives and packs each one
when it is asked for, so a client waits for real work.  It runs in a process of its own, as
servers do, but on the same processors, which limits the gain.  The client's function is an
ordinary one for one address; nothing says that it should run on threads.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import sys
import sysconfig
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

from clustrix import parallel

LIBRARY = Path(sysconfig.get_path("stdlib"))


@parallel(chunk_size=1)  # packages differ much in size: each one is a chunk of its own
def fetch(url: str) -> bytes:
    """Download one archive."""
    with urlopen(url) as response:
        return response.read()


def main() -> int:
    """Fetch the archives twice, in a loop and in parallel, and compare what came."""
    if sys.argv[1:] == ["serve"]:
        return serve()
    packages = sorted(
        str(init.parent.relative_to(LIBRARY))
        for init in LIBRARY.rglob("__init__.py")
        if {"site-packages", "dist-packages"}.isdisjoint(init.parts)
    )
    if len(sys.argv) > 1:
        packages = packages[:: max(1, len(packages) // int(sys.argv[1]))]
    with subprocess.Popen(
        [sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        try:
            return compare(address, [f"{address}/{package}.tar.gz" for package in packages])
        finally:
            server.terminate()


def compare(address: str, urls: list[str]) -> int:
    """Time both ways."""
    print(f"{len(urls)} archives at {address}\n")
    print(fetch.explain(urls))
    print(flush=True)

    began = time.perf_counter()
    in_a_loop = [fetch.__wrapped__(url) for url in urls]
    loop_seconds = time.perf_counter() - began
    loop_open = urlopen(f"{address}/most-at-once").read().decode()

    began = time.perf_counter()
    in_parallel = fetch(urls)
    parallel_seconds = time.perf_counter() - began
    parallel_open = urlopen(f"{address}/most-at-once").read().decode()

    same = list(map(digest, in_parallel)) == list(map(digest, in_a_loop))
    print(f"{sum(map(len, in_parallel)):,} bytes, sha256 {digest(*in_parallel)[:16]}")
    print(f"plain loop   {loop_seconds:6.2f} s, {loop_open} at once")
    print(
        f"in parallel  {parallel_seconds:6.2f} s, {parallel_open} at once, "
        f"{loop_seconds / parallel_seconds:.2f} times as fast"
    )
    print("both gave identical results" if same else "THE RESULTS DIFFER")
    return 0 if same else 1


def digest(*archives: bytes) -> str:
    """The SHA-256 of what was fetched."""
    return hashlib.sha256(b"".join(archives)).hexdigest()


class Archives(BaseHTTPRequestHandler):
    """Packs a package when it is asked for, and counts for how many clients at once."""

    lock = threading.Lock()
    open_now = most_at_once = 0

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path == "/most-at-once":
            self.answer(str(Archives.most_at_once).encode())
            Archives.most_at_once = 0
            return
        with self.lock:
            Archives.open_now += 1
            Archives.most_at_once = max(Archives.most_at_once, Archives.open_now)
        archive = pack(self.path.strip("/").removesuffix(".tar.gz"))
        with self.lock:
            Archives.open_now -= 1
        self.answer(archive)

    def answer(self, body: bytes) -> None:
        """Send the body of an answer."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep the terminal free."""


def pack(package: str) -> bytes:
    """The sources of one package as a .tar.gz archive; the same bytes each time."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in sorted((LIBRARY / package).glob("*.py")):
            tar.add(path, arcname=str(path.relative_to(LIBRARY)))
    return gzip.compress(archive.getvalue(), mtime=0)


def serve() -> int:
    """Serve until the process is ended; the first line of output is the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Archives)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
    return 0


sys.exit(main())
