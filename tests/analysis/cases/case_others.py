"""Programs, databases, locks, sleep, people."""

import queue
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from subprocess import PIPE, Popen, check_output
from time import sleep as nap


def run_program(name):
    return subprocess.run([name], capture_output=True, check=True).stdout  # IO301


def output_of(name):
    return check_output([name]).decode()  # IO301


def popen(name):
    process = Popen([name], stdout=PIPE)  # IO301
    return process.communicate()[0]  # IO301


def unknown_process(process):
    return process.communicate()  # IO904


def sleeping(seconds):
    nap(seconds)  # IO501


def sleeping_by_module(seconds):
    time.sleep(seconds)  # IO501
    return seconds


def database(name):
    with sqlite3.connect(name) as db:  # IO401
        return db.execute("select 1").fetchall()  # IO402


def database_parameter(db: sqlite3.Connection, key):
    return db.execute("select ?", (key,)).fetchone()  # IO402


def cursor(name):
    connection = sqlite3.connect(name)  # IO401
    rows = connection.cursor()
    rows.execute("select 1")  # IO402
    return rows.fetchone()  # IO402


def unknown_cursor(cursor):
    return cursor.fetchall()  # IO905


def unknown_connection(conn, query):
    return conn.execute(query)  # IO909


def orm(session, model):
    return session.query(model)  # IO909


def engine_by_name(url, query):
    import sqlalchemy as sa

    engine = sa.create_engine(url)
    with engine.connect() as connection:  # IO401
        return connection.execute(query)  # IO403


def cache_server(key):
    import redis

    return redis.Redis(host="localhost").get(key)  # IO404


def documents(key):
    from pymongo import MongoClient

    client = MongoClient()
    return client["shop"]["orders"].find_one({"key": key})  # IO404


def wait_for_thread(function):
    thread = threading.Thread(target=function)
    thread.start()  # IO503
    thread.join()  # IO503


def unknown_thread(thread):
    thread.join()  # IO907


def from_queue(jobs: queue.Queue):
    return jobs.get()  # IO503


def unknown_queue(work):
    return work.get(), work.wait()  # IO906


def futures(urls):
    with ThreadPoolExecutor() as pool:
        pending = [pool.submit(len, url) for url in urls]
        return [future.result() for future in as_completed(pending)]  # IO503


def ask(question):
    return input(question)  # IO504


def event(ready: threading.Event):
    return ready.wait(3)  # IO503


def handed_to_map(seconds):
    return list(map(time.sleep, seconds))  # IO501


def handed_as_lambda(pool, names):
    return pool.map(lambda name: subprocess.call([name]), names)  # IO301


def through_partial(name):
    call = partial(subprocess.call, shell=False)  # IO301
    return call([name])


def retried(name):
    for attempt in range(3):
        try:
            return subprocess.check_call([name])  # IO301
        except subprocess.CalledProcessError:
            time.sleep(2**attempt)
    return None


def child(name):
    import os

    pid = os.spawnlp(os.P_NOWAIT, name, name)  # IO303
    return os.waitpid(pid, 0)  # IO302


def pool_of_processes(numbers):
    import multiprocessing

    with multiprocessing.Pool() as pool:  # IO304
        return pool.map(abs, numbers)  # IO304


def upload(name, data):
    import io

    import boto3

    return boto3.client("s3").upload_fileobj(io.BytesIO(data), "bucket", name)  # IO211
