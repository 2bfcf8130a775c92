"""What never waits, although it stands beside things that do or looks as if it did.

PURE      modules, classes and functions that only compute; the catalogue goes before them
TELLING   method names that give a blocking call away on a receiver nobody knows
"""

from __future__ import annotations

from typing import Final

from clustrix.analysis.catalogue._entry import words
from clustrix.analysis.catalogue.pure_packages import PURE_PACKAGES

__all__ = [
    "AWAITED",
    "COMMON_TELLING",
    "DEBUG_WORDS",
    "FILLED_TELLING",
    "GIVEN_BY_NAME",
    "HINTS",
    "INCIDENTAL",
    "KEYWORD_TELLING",
    "ON_FILES",
    "PURE",
    "TELLING",
    "Telling",
]

# name -> (code, why)
Telling = tuple[str, str]

# Modules that compute: no function of theirs waits, except those in the catalogue.  A dotted
# name stands for everything below it.
PURE: Final = PURE_PACKAGES | words(
    """
    _abc _ast _asyncio _bisect _codecs _collections _csv _datetime _decimal _elementtree
    _functools _heapq _json _locale _operator _pickle _random _sre _stat _statistics _string
    _struct _weakref abc argparse array ast attr attrs base64.b64decode base64.b64encode
    binascii bisect builtins.classmethod builtins.property calendar chardet.detect click.echo
    click.secho cmath codecs.getencoder codecs.lookup collections colorsys contextlib
    contextvars copy copyreg csv datetime dateutil decimal difflib dis email.base64mime
    email.charset email.header email.quoprimime email.utils.parseaddr enum errno fnmatch
    fractions functools gc genericpath.commonprefix gettext.c2py gettext.dgettext
    gettext.dngettext gettext.gettext gettext.ngettext gettext.npgettext gettext.pgettext
    graphlib hashlib heapq hmac html http.HTTPStatus http.cookies importlib.import_module
    importlib.machinery inspect.cleandoc inspect.getattr_static inspect.getmro inspect.isclass
    inspect.isfunction inspect.signature inspect.unwrap ipaddress itertools json keyword locale
    logging.Filter logging.Filterer logging.Formatter logging.LogRecord logging.Logger
    logging.LoggerAdapter logging.Manager logging.addLevelName logging.critical logging.debug
    logging.error logging.exception logging.getLevelName logging.getLogger logging.info
    logging.log logging.warning markupsafe marshal math mimetypes.add_type mimetypes.guess_extension
    mimetypes.guess_type networkx.algorithms networkx.classes networkx.generators
    networkx.linalg numbers numpy opcode operator os.cpu_count os.environ os.fsdecode
    os.fsencode os.fspath os.get_exec_path os.getcwd os.getenv os.getpid os.path.abspath
    os.path.basename os.path.commonpath os.path.commonprefix os.path.dirname os.path.expanduser
    os.path.expandvars os.path.isabs os.path.join os.path.normcase os.path.normpath
    os.path.relpath os.path.split os.path.splitdrive os.path.splitext os.path.splitroot
    os.urandom pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath pickle
    plistlib.dumps plistlib.loads posixpath.join pprint quopri.decodestring quopri.encodestring
    random re re._casefix re._compiler re._constants re._parser regex reprlib
    rich.console.Console.log rich.console.Console.print rich.print scipy.linalg scipy.optimize
    scipy.signal scipy.spatial scipy.special scipy.stats secrets shlex shutil.get_terminal_size
    sre_compile sre_constants sre_parse stat statistics string stringprep struct
    subprocess.list2cmdline symbol sympy sys.getsizeof sys.intern sysconfig.get_config_var
    sysconfig.get_config_vars sysconfig.get_path sysconfig.get_paths sysconfig.get_platform
    sysconfig.get_python_version sysconfig.get_scheme_names textwrap threading.Lock
    threading.RLock threading.current_thread threading.get_ident time.monotonic
    time.perf_counter time.strftime time.strptime time.time timeit.default_timer token tqdm
    traceback types typing typing_extensions unicodedata urllib.error urllib.parse
    urllib.request.quote uuid.UUID uuid.uuid3 uuid.uuid4 uuid.uuid5 warnings weakref
    xml.dom.minidom xml.etree.ElementTree xml.parsers.expat xml.sax.saxutils.escape
    xml.sax.saxutils.quoteattr xml.sax.saxutils.unescape zlib zoneinfo.ZoneInfo
    """
)

# Small reads that a library does once and keeps: they count where the function itself asks for
# them, not at the bottom of helpers that usually find them done.
INCIDENTAL: Final = words(
    """
    importlib.metadata.distribution importlib.metadata.distributions
    importlib.metadata.entry_points importlib.metadata.metadata importlib.metadata.requires
    importlib.metadata.version linecache.checkcache linecache.getline linecache.getlines
    linecache.updatecache pkgutil.get_data
    """
)

# Words in the test of an `if` that make its block a debugging aid.
DEBUG_WORDS: Final = ("debug", "verbose", "trace", "dump_")


def _group(code: str, why: str, names: str) -> dict[str, Telling]:
    return dict.fromkeys(names.split(), (code, why))


# Codes of what works on any file object: given one in memory, it does not wait.
ON_FILES: Final = ("IO1", "IO901", "IO902")

# On any receiver: nobody gives these names to something that only computes.
TELLING: Final = {
    **_group(
        "IO901",
        "reads or writes a stream, by its name",
        "open read readline readlines readinto readall write writelines read1 sendfile",
    ),
    **_group(
        "IO902",
        "reads or changes files, by its name",
        "read_text read_bytes write_text write_bytes iterdir rglob is_file is_dir"
        " rmdir mkdir symlink_to hardlink_to touch scandir",
    ),
    **_group(
        "IO916",
        "reads or writes a file, by its name",
        "savefig imread imwrite read_csv read_parquet read_excel read_sql read_feather"
        " to_parquet to_excel to_sql to_pickle to_feather to_hdf",
    ),
    **_group(
        "IO903",
        "waits on a connection, by its name",
        "recv recv_into recvfrom recvfrom_into recvmsg recvmsg_into recv_bytes recv_bytes_into"
        " connect_ex sendall send_bytes sendto"
        " sendmsg accept connect getresponse urlopen makefile starttls sendmail send_message"
        " retrbinary storbinary retrlines storlines voidcmd sendcmd transfercmd ntransfercmd"
        " do_handshake putrequest endheaders create_connection readexactly readuntil"
        " aread send_request execute_command send_command read_response recv_json send_json"
        " recv_multipart send_multipart goto",
    ),
    **_group(
        "IO904",
        "waits for a process, by its name",
        "communicate check_output check_call wait_for_process",
    ),
    **_group(
        "IO905",
        "runs a query, by its name",
        "fetchall fetchone fetchmany executemany executescript fetchrow fetchval"
        " find_one insert_one insert_many update_one update_many delete_one delete_many"
        " find_one_and_update bulk_write upload_file download_file"
        " upload_fileobj download_fileobj list_objects_v2 send_messages",
    ),
    **_group("IO906", "waits, by its name", "wait wait_for sleep acquire_lock waitpid getch"),
    **_group("IO919", "waits for its subclass to read or connect", "_read _recv _connect"),
}

# `await task`, `async for row in stream`, where nobody knows the task or the stream.
AWAITED: Final = ("IO918", "waits, by its `await`")

# Telling only with positional arguments: `frame.to_csv(path)` writes, `frame.to_csv()` does not.
FILLED_TELLING: Final = {
    **_group(
        "IO915", "writes a file, by its name and its arguments", "to_csv to_json to_html to_xml"
    ),
}

# Telling only with keywords and nothing else: `s3.get_object(Bucket=b, Key=k)`.
KEYWORD_TELLING: Final = {
    **_group(
        "IO905",
        "talks to a store, by its name",
        "put_object get_object head_object delete_object copy_object list_objects"
        " delete_objects put_item get_item update_item delete_item batch_get_item",
    ),
}

# What some methods give whatever they belong to: nobody calls anything else a cursor.
GIVEN_BY_NAME: Final = {
    "cursor": "psycopg2.extensions.cursor",
    "getresponse": "http.client.HTTPResponse",
    "makefile": "io.BufferedReader",
    "create_client": "botocore.client.BaseClient",
}

# Telling only without positional arguments: `thread.join()` waits, `", ".join(x)` does not.
COMMON_TELLING: Final = {
    **_group("IO907", "waits, by its name and its missing arguments", "join result"),
}

# Telling when the receiver is called something like this.
HINTS: Final = (
    (
        "img image im fig figure workbook wb document doc",
        _group("IO917", "writes a file, by the names", "save"),
    ),
    (
        "session client http http_client requests_session sess api_client browser driver",
        _group(
            "IO908",
            "waits on the network, by the names",
            "get post put patch delete head options request send fetch stream ws_connect",
        ),
    ),
    (
        "conn connection cursor cur curs db database engine tx transaction trans con dbh c session",
        _group(
            "IO909",
            "runs a query, by the names",
            "execute query fetch scalar scalars commit rollback",
        ),
    ),
    (
        "sock socket conn connection s client",
        _group("IO910", "waits on a socket, by the names", "send"),
    ),
    (
        "queue q task_queue work_queue result_queue jobs inbox in_queue out_queue",
        _group("IO911", "waits for a queue, by the names", "get"),
    ),
    (
        "path p file filename fname f fp tmp tmpfile temp target dest source src out lock lockfile",
        _group("IO914", "changes files, by the names", "unlink rename stat exists"),
    ),
    (
        "redis redis_client redis_conn rdb r conn connection client cache",
        _group(
            "IO909",
            "asks a data store, by the names",
            "hget hset hgetall hdel hincrby hmget lpush rpush lpop rpop lrange llen blpop brpop"
            " zadd zscore zrange zrem sadd srem smembers sismember setex setnx getset incrby"
            " expire ttl xadd xread publish ping flushdb",
        ),
    ),
    (
        "redis redis_client redis_conn rdb memcache memcached mc",
        _group("IO909", "asks a data store, by the names", "get set delete incr decr exists mget"),
    ),
    (
        "git",
        _group(
            "IO904",
            "runs git, by the names",
            "add branch checkout cherry_pick clone commit config diff fetch log ls_files ls_tree"
            " merge pull push rebase remote reset rev_list rev_parse show stash status tag",
        ),
    ),
    (
        "selector selectors sel poller poll",
        _group("IO912", "waits until ready, by the names", "select poll"),
    ),
    (
        "s3 bucket blob",
        _group("IO913", "talks to a store, by the names", "get put upload download list"),
    ),
)
