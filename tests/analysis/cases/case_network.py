"""The network: clients that may not be installed, sockets, known and unknown receivers."""

import asyncio
import smtplib
import socket
import ssl
import urllib.request as req
from contextlib import closing
from http.client import HTTPSConnection
from urllib.request import Request, build_opener, urlopen
from urllib.request import urlopen as u


def local_import(url):
    import requests

    return requests.get(url).json()  # IO201


def local_from_import(url):
    from requests import get as fetch

    text = fetch(url)  # IO201
    return text.get("body")


def session_constructed(urls):
    import requests

    session = requests.Session()
    return [session.get(url).status_code for url in urls]  # IO201


def session_in_with(url):
    import requests

    with requests.Session() as session:
        session.headers["a"] = "b"
        return session.post(url, data={}).text  # IO201


def client_of_httpx(url):
    import httpx

    with httpx.Client(timeout=3) as client:
        return client.get(url)  # IO203


async def client_of_aiohttp(url):
    import aiohttp

    async with aiohttp.ClientSession() as session, session.get(url) as response:  # IO204
        return await response.text()  # IO204


def alias(url):
    return u(url).read()  # IO202


def alias_of_module(url):
    return req.urlopen(url).read()  # IO202


def request_object(url):
    request = Request(url, headers={"Accept": "text/html"})
    with urlopen(request, timeout=5) as answer:  # IO202
        return answer.status


def opener(url):
    return build_opener().open(url)  # IO202


def closing_keeps_the_type(url):
    with closing(urlopen(url)) as answer:  # IO202
        return answer.readline()  # IO202


def raw_socket(host):
    sock = socket.socket()
    sock.connect((host, 80))  # IO221
    sock.sendall(b"GET /")  # IO221
    return sock.recv(4096)  # IO221


def socket_annotated(sock: socket.socket):
    return sock.recv(10)  # IO221


def socket_created(host):
    with socket.create_connection((host, 80)) as sock:  # IO221
        return sock.recv(10)  # IO221


def wrapped_socket(sock, host):
    context = ssl.create_default_context()
    return context.wrap_socket(sock, server_hostname=host).recv(1)  # IO221


def unknown_socket(sock):
    sock.sendall(b"x")  # IO903
    return sock.recv(1)  # IO903


def unknown_connection(connection):
    return connection.recv_bytes()  # IO903


def name_of_receiver(session, url):
    return session.get(url)  # IO908


def lookup(name):
    return socket.gethostbyname(name)  # IO222


def https(host):
    connection = HTTPSConnection(host)
    connection.request("GET", "/")  # IO202
    return connection.getresponse().status  # IO202


def mail(message):
    with smtplib.SMTP("localhost") as server:  # IO231
        server.send_message(message)  # IO231


def bucket(name):
    import boto3

    s3 = boto3.client("s3")  # IO211
    return s3.get_object(Bucket="b", Key=name)["Body"]  # IO211


async def sleeping(item):
    await asyncio.sleep(1)  # IO501
    return item


async def stream_client(host):
    reader, _ = await asyncio.open_connection(host, 80)  # IO221
    return await reader.readline()  # IO901


def default_argument(url, get=urlopen):
    return get(url)  # IO202


def secure_copy(host, name):
    import paramiko

    client = paramiko.SSHClient()
    client.connect(host)  # IO232
    return client.open_sftp().get(name, name)  # IO232
