"""Scripts as people write them: scrapers, loaders, crunchers."""

import asyncio
import collections
import csv
import functools
import hashlib
import heapq
import http.client
import itertools
import json
import logging
import os
import random
import re
import sqlite3
import subprocess as sp
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger("x")


def scrape(url):
    import requests
    from bs4 import BeautifulSoup

    html = requests.get(url, timeout=10).text  # IO201
    soup = BeautifulSoup(html, "html.parser")
    return [a["href"] for a in soup.find_all("a")]


def soup(html):
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    return [a.get("href") for a in soup.select("a")]


async def gather(urls):
    import aiohttp

    async def fetch(s, u):
        async with s.get(u) as r:  # IO204
            return await r.text()  # IO204

    async with aiohttp.ClientSession() as s:
        return await asyncio.gather(*(fetch(s, u) for u in urls))  # IO503


def asyncmain(urls):  # via IO204 IO503
    return asyncio.run(gather(urls))


def thumb(path):
    from PIL import Image

    im = Image.open(path)  # IO154
    im.thumbnail((10, 10))
    im.save(str(path) + ".png")  # IO917
    return im.size


def image(im):
    return im.convert("L").resize((10, 10)).getdata()


def csvout(df, out):
    df = df.dropna()
    df.to_csv(out)  # IO915
    return len(df)


def df(df):
    g = df.groupby("a").agg({"b": "sum"})
    return g.sort_values("b").head().to_dict()


def train(X, y):
    from sklearn.linear_model import LogisticRegression

    m = LogisticRegression()
    m.fit(X, y)
    return m.predict(X)


def log_to_file(x):
    with open("log.txt", "a") as f:  # IO101
        print(x, file=f)


def prime(n):
    return all(n % i != 0 for i in range(2, int(n**0.5) + 1))


def download(url, dest: Path):
    urllib.request.urlretrieve(url, dest)  # IO202
    return dest


def sub(cmd):
    p = sp.Popen(cmd, stdout=sp.PIPE, stderr=sp.STDOUT)  # IO301
    out, _ = p.communicate()  # IO301
    return out


def poll(job):
    while not job.done():
        time.sleep(0.1)  # IO501
    return job


class Scraper:
    def __init__(self, base):
        import requests

        self.base = base
        self.session = requests.Session()

    def page(self, n):
        r = self.session.get(f"{self.base}/{n}")  # IO201
        r.raise_for_status()
        return r.json()

    def parse(self, text):
        return re.findall(r"\d+", text)

    def all_it(self, ns):  # via IO201
        return [self.page(n) for n in ns]


@dataclass
class Store:
    path: Path
    rows: list[dict] = field(default_factory=list)

    def load(self):
        return json.loads(self.path.read_text())  # IO105

    def total(self):
        return sum(r["x"] for r in self.rows)

    def flush(self):
        with self.path.open("w") as f:  # IO101
            json.dump(self.rows, f)


class DB:
    def __init__(self, p):
        self.conn = sqlite3.connect(p)  # IO401
        self.cur = self.conn.cursor()

    def q(self, k):
        self.cur.execute("select 1")  # IO402
        return self.cur.fetchone()  # IO402

    def put(self, k):
        with self.conn:
            self.conn.execute("insert", (k,))  # IO402


def lock_file(p):
    import fcntl

    with open(p) as f:  # IO101
        fcntl.flock(f, fcntl.LOCK_EX)  # IO502


def matrix(n):
    import numpy as np

    a = np.random.rand(n, n)
    return np.linalg.inv(a).sum()


def npy(p):
    import numpy as np

    return np.load(p).sum()  # IO153


def sim(seed):
    rng = random.Random(seed)
    return sum(rng.random() ** 2 + rng.random() ** 2 < 1 for _ in range(1000))


def hash_it(data):
    return hashlib.sha256(data).hexdigest()


def hashfile(p):
    h = hashlib.sha256()
    with open(p, "rb") as f:  # IO101
        for b in iter(lambda: f.read(8192), b""):  # IO102
            h.update(b)
    return h.hexdigest()


def hash_read(p):
    return hashlib.md5(Path(p).read_bytes()).hexdigest()  # IO105


def retry_wrap(x):
    try:
        return int(x)
    except ValueError:
        log.warning("bad %r", x)
        time.sleep(1)
        return None


def with_retry(f):
    @functools.wraps(f)
    def w(*a, **k):
        for _i in range(3):
            try:
                return f(*a, **k)
            except Exception:
                time.sleep(1)

    return w


@with_retry
def decorated_retry_computes(x):
    return x**2


@with_retry
def decorated_retry_waits(u):
    return urllib.request.urlopen(u).status  # IO202


def pool(urls):  # via IO105
    with ThreadPoolExecutor(8) as ex:
        return list(ex.map(hash_read, urls))  # IO503


def rest(client, i):
    return client.get(f"/items/{i}").json()  # IO908


def dictget(config, k):
    return config.get(k, {}).get("x")


def sftp(host):
    import paramiko

    t = paramiko.Transport((host, 22))  # IO232
    t.connect(username="a", password="b")  # IO232
    return paramiko.SFTPClient.from_transport(t).listdir(".")  # IO232


def redis(k):
    import redis

    r = redis.from_url("redis://")  # IO404
    return r.get(k)  # IO404


def mongo(db, k):
    return db.users.find_one({"k": k})  # IO905


def es(q):
    from elasticsearch import Elasticsearch

    return Elasticsearch().search(index="a", query=q)  # IO404


def openai(prompt):
    from openai import OpenAI

    c = OpenAI()
    messages = [{"role": "user", "content": prompt}]
    return c.chat.completions.create(model="x", messages=messages)  # IO211


def smtp(msg):
    import smtplib

    with smtplib.SMTP("x") as s:  # IO231
        s.send_message(msg)  # IO231


def walk(top):
    total = 0
    for root, _, files in os.walk(top):  # IO121
        total += sum(os.path.getsize(os.path.join(root, name)) for name in files)  # IO111
    return total


def glob_it(top):
    return [p.stat().st_size for p in Path(top).rglob("*.py")]  # IO111 IO121


def path(p):
    return os.path.splitext(os.path.basename(p))[0]


def purepath(p: Path):
    return p.parent.name + p.suffix


def json_it(s):
    return json.loads(s)["a"]


def csvparse(text):
    return list(csv.DictReader(text.splitlines()))


def csvread(p):
    with open(p, newline="") as f:  # IO101
        return list(csv.DictReader(f))


def event_dispatch(events):
    handlers = {"open": lambda e: e + 1, "read": lambda e: e - 1}
    return [handlers[k](v) for k, v in events]


def graph(edges):
    g = collections.defaultdict(list)
    for a, b in edges:
        g[a].append(b)
    seen = set()
    q = collections.deque([edges[0][0]])
    while q:
        n = q.popleft()
        if n in seen:
            continue
        seen.add(n)
        q.extend(g[n])
    return seen


def tokenize(text):
    from collections import Counter

    return Counter(w for w in text.lower().split() if w not in {"open", "read", "socket"})


def env_file(p=".env"):
    return dict(line.strip().split("=", 1) for line in open(p) if "=" in line)  # IO101


def template(ctx):
    from jinja2 import Template

    return Template("hi {{a}}").render(ctx)


def sem(sem, x):
    sem.acquire()
    time.sleep(0.1)  # IO501
    sem.release()


def wait(ev):
    ev.wait()  # IO906
    return 1


def yaml_waits(p):
    import yaml

    with open(p) as f:  # IO101
        return yaml.safe_load(f)


def yaml_computes(s):
    import yaml

    return yaml.safe_load(s)


def s3(key):
    import boto3

    s3 = boto3.resource("s3")  # IO211
    return s3.Object("b", key).get()["Body"].read()  # IO211 IO901


def ftp(h):
    from ftplib import FTP

    with FTP(h) as f:  # IO232
        f.login()  # IO232
        return f.nlst()  # IO232


def tcp(h):
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.settimeout(1)
        return s.connect_ex((h, 80)) == 0  # IO221


def ip(s):
    import ipaddress
    import socket

    return socket.inet_aton(s) + ipaddress.ip_address(s).packed


def zip_it(p):
    import zipfile

    with zipfile.ZipFile(p) as z:  # IO141
        return {n: len(z.read(n)) for n in z.namelist()}  # IO141


def tmp(data):
    with tempfile.TemporaryDirectory() as d:  # IO107
        (Path(d) / "x").write_text(data)  # IO106
        return len(data)


def dp(a, b):
    t = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            t[i + 1][j + 1] = t[i][j] + 1 if x == y else max(t[i + 1][j], t[i][j + 1])
    return t[-1][-1]


def cv(path):
    import cv2

    img = cv2.imread(path)  # IO154
    return cv2.GaussianBlur(img, (5, 5), 0).mean()


def plot(x):
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    ax.plot(x)
    fig.savefig("x.png")  # IO916


def sql(q):
    import pandas as pd
    import sqlalchemy

    e = sqlalchemy.create_engine("sqlite://")
    return pd.read_sql(q, e)  # IO403


def orm(Session, i):
    with Session() as session:
        return session.query(int).filter_by(id=i).first()  # IO909


def kafka(m):
    from kafka import KafkaProducer

    p = KafkaProducer()
    p.send("t", m)  # IO241
    p.flush()  # IO241


def selenium(url):
    from selenium import webdriver

    d = webdriver.Chrome()  # IO211
    d.get(url)  # IO211
    return d.title


def playwright(url):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        b = p.chromium.launch()
        page = b.new_page()
        page.goto(url)  # IO903
        return page.title()


def queue_worker(q):
    while True:
        item = q.get()  # IO911
        if item is None:
            return
        q.task_done()


def stack(q):
    heap = list(q)
    heapq.heapify(heap)
    return heapq.heappop(heap)


def os_system_it(c):
    return os.system(c)  # IO301


def backtick(c):
    return os.popen(c).read()  # IO301 IO901


def stdin():
    return sys.stdin.readline()  # IO102


def stdout(x):
    sys.stdout.write(str(x))
    sys.stdout.flush()
    return x


def dask(p):
    import dask.dataframe as dd

    return dd.read_csv(p).compute()  # IO151


def h5(p):
    import h5py

    with h5py.File(p) as f:  # IO153
        return f["x"][:].sum()


def torch(p):
    import torch

    return torch.load(p)  # IO153


def pickle_waits(p):
    import pickle

    with open(p, "rb") as f:  # IO101
        return pickle.load(f)


def pickle_computes(o):
    import pickle

    return len(pickle.dumps(o))


def grpc(stub, r):
    return stub.channel.recv(r)  # IO903


def ast(src):
    import ast

    return sum(
        isinstance(n, ast.Call) and getattr(n.func, "id", "") == "open"
        for n in ast.walk(ast.parse(src))
    )


def urlopen_kw(url, opener: Callable = urllib.request.urlopen):
    return opener(url).read()  # IO901


def bytesio(data):
    import io

    b = io.BytesIO()
    b.write(data)
    b.seek(0)
    return b.read()


def telnet(h):
    c = http.client.HTTPConnection(h)
    c.request("GET", "/")  # IO202
    return c.getresponse().read()  # IO202


def head(p, n=10):
    with open(p) as f:  # IO101
        return list(itertools.islice(f, n))


def tail(p):
    f = Path(p).expanduser().open()  # IO101
    f.seek(0, 2)
    return f.tell()


def pathlib_exists(p):
    return Path(p).exists() and not Path(p).is_dir()  # IO111


def shelve(k):
    import shelve

    with shelve.open("x") as s:  # IO401
        return s.get(k)
