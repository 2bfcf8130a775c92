"""What is awaited, cached, handed around or asked of a library that hides its sockets deep."""

import sys


async def task(future):
    return await future  # IO918


async def stream(rows):
    return [row async for row in rows]  # IO918


async def own_coroutine(n):
    async def double():
        return n * 2

    return await double()


def lines_of_a_terminal():
    return [line.split() for line in sys.stdin]  # IO102


def text_or_file(source):
    if hasattr(source, "read"):
        source = source.read()
    return source.split()


def text_or_file_in_one_line(source):
    return (source.read() if hasattr(source, "read") else source).split()


def named_cursor(db, sql):
    return db.cursor().execute(sql)  # IO402


def store_by_keywords(s3, key):
    return s3.get_object(Bucket="b", Key=key)  # IO905


def part_of_a_document(part):
    return part.get_object()


def git_by_name(repo):
    return repo.git.rev_parse("HEAD")  # IO904


def store_by_name(redis_client, key):
    return redis_client.hgetall(key)  # IO909


def joined_tables(left, right):
    return left.join(other=right, on="id")


class Bits:
    def __init__(self):
        self.bits = []


def written_into_an_object(data):
    bits = Bits()
    data.write(bits)
    return bits


def _make_reader(encoding):
    def read(name):
        return open(name, encoding=encoding)  # IO101

    return read


def made_and_called(name):  # via IO101
    return _make_reader("utf-8")(name)


class Source:
    def _read(self):
        raise NotImplementedError

    def text(self):
        return self._read().decode()  # IO919


class Shards:
    def __init__(self, names):
        self.shards = [open(name) for name in names]  # IO101  # noqa: SIM115

    def first(self, number):
        return self.shards[number].readline()  # IO102


def workbook(rows):
    import openpyxl

    book = openpyxl.Workbook()
    book.save("rows.xlsx")  # IO156


def keys(url):
    import jwt

    return jwt.PyJWKClient(url).fetch_data()  # IO202


def broker(name):
    import pika

    return pika.BlockingConnection(name).channel()  # IO241


def clone(url):
    import git

    return git.Repo.clone_from(url, "here")  # IO301
