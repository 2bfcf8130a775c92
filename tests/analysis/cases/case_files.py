"""Files and directories, opened and looked at in the ways people do it."""

import codecs
import csv
import glob
import gzip
import json
import os
import os.path as osp
import pathlib
import shutil
import tempfile
import zipfile
from builtins import open as builtin_open
from os import listdir as ls
from os.path import getsize
from pathlib import Path


def plain_open(name):
    with open(name) as stream:  # IO101
        return stream.read()  # IO102


def open_and_parse(name):
    return json.load(open(name))  # IO101


def builtin_by_another_name(name):
    return builtin_open(name)  # IO101


def io_open(name):
    return open(name, "rb")  # IO101


def codecs_open(name):
    return codecs.open(name, encoding="latin-1")  # IO101


def alias_of_module(name):
    return osp.exists(name)  # IO111


def alias_of_function(name):
    return [entry.upper() for entry in ls(name)]  # IO121


def from_import(name):
    return getsize(name)  # IO111


def nested_in_expression(name):
    return max(sorted(os.listdir(name)), key=len)  # IO121


def generator_of_names(top):
    for name in os.listdir(top):  # IO121
        yield name.lower()


def walk_tree(top):
    total = 0
    for root, _, names in os.walk(top):  # IO121
        total += len(names) + len(root)
    return total


def path_from_parameter(name: Path):
    return name.read_text()  # IO105


def path_from_optional(name: "Path | None" = None):
    return name.read_text() if name else ""  # IO105


def path_constructed(name):
    return pathlib.Path(name).read_bytes()  # IO105


def path_joined(top, name):
    target = Path(top) / "data" / name
    return target.stat().st_size  # IO111


def path_through_methods(name):
    return Path(name).with_suffix(".txt").absolute().read_text()  # IO105


def path_in_a_loop(top):
    return [entry.read_text() for entry in Path(top).iterdir()]  # IO121 IO105


def path_glob_with_names(top):
    for entry in sorted(Path(top).glob("*.txt")):  # IO121
        entry.unlink()  # IO106


def list_of_paths(paths: list[Path]):
    return sum(path.stat().st_size for path in paths)  # IO111


def path_opened(name: Path):
    with name.open() as stream:  # IO101
        return [row[0] for row in csv.reader(stream)]


def glob_names(pattern):
    return glob.glob(pattern)  # IO121


def write_rows(name, rows):
    with open(name, "w", newline="") as stream:  # IO101
        csv.writer(stream).writerows(rows)


def gzip_from_disk(name):
    with gzip.open(name, "rt") as stream:  # IO142
        return sum(1 for _ in stream)


def archive_from_disk(name):
    with zipfile.ZipFile(name) as archive:  # IO141
        return archive.namelist()


def copy_file(source, target):
    shutil.copy(source, target)  # IO131


def scratch_file(data):
    with tempfile.NamedTemporaryFile("w") as stream:  # IO107
        stream.write(data)  # IO102
        return len(data)


def make_directory(name):
    os.makedirs(name, exist_ok=True)  # IO122
    return name


def rename_into_place(source, target):
    os.replace(source, target)  # IO112


def read_descriptor(fd):
    return os.read(fd, 10)  # IO103


def numpy_load_named(name):
    import numpy as np

    return np.load(name).sum()  # IO153


def pandas_read_named(name):
    import pandas as pd

    return pd.read_csv(name).mean()  # IO151


def image_open_named(name):
    from PIL import Image

    return Image.open(name).size  # IO154


def entries(top):
    with os.scandir(top) as found:  # IO121
        return [entry.name for entry in found if entry.is_file()]


def configured(name):
    import configparser

    parser = configparser.ConfigParser()
    parser.read(name)  # IO155
    return dict(parser["main"])


def unknown_path(path):
    return path.read_text().split()  # IO902


def unknown_stream(stream):
    return stream.read(100)  # IO901


def aliased_method(source, target):
    read = source.read
    write = target.write
    while chunk := read(8192):  # IO901
        write(chunk)  # IO901


def lines_with_iter(stream):
    return sum(len(line) for line in iter(stream.readline, ""))  # IO901
