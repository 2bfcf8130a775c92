"""Calls that few programs make, one line for each code that no other file shows."""

import mmap
import os
import socketserver


def to_disk(handle):
    os.fsync(handle)  # IO104


def map_file(handle):
    return mmap.mmap(handle, 0)[:10]  # IO108


def columns(path):
    import pandas

    pandas.DataFrame({"a": [1]}).to_parquet(path)  # IO152


def serve(port):
    with socketserver.TCPServer(("", port), None) as server:  # IO221
        server.serve_forever()  # IO242


def send_on(sock, data):
    sock.send(data)  # IO910


def wait_with(selector):
    return selector.select(1)  # IO912


def store(bucket, key):
    return bucket.get(key)  # IO913


def forget(path):
    path.unlink()  # IO914
