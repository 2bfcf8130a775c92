"""What calls give back, so that `sqlite3.connect(p).cursor().execute(q)` has a known receiver.

RETURNS   call -> type of the result; ``[type]`` when it is something to iterate over
MEMORY    what looks like a file and is memory
STREAMS   objects known by their place
"""

from __future__ import annotations

from typing import Final

from clustrix.analysis.catalogue._entry import words

__all__ = ["MEMORY", "PASSES_ON", "PASSIVE", "RETURNS", "STREAMS"]


def _table(text: str) -> dict[str, str]:
    """One type a line, then the calls that give it."""
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        kind, _, calls = line.partition("<-")
        found.update(dict.fromkeys(calls.split(), kind.strip()))
    return found


RETURNS: Final = _table(
    """
    io.TextIOWrapper <- open io.open os.fdopen codecs.open tokenize.open pathlib.Path.open
    io.TextIOWrapper <- tempfile.NamedTemporaryFile tempfile.TemporaryFile aiofiles.open
    gzip.GzipFile <- gzip.open
    bz2.BZ2File <- bz2.open
    lzma.LZMAFile <- lzma.open
    tarfile.TarFile <- tarfile.open tarfile.TarFile.open
    zipfile.ZipExtFile <- zipfile.ZipFile.open
    io.BufferedReader <- tarfile.TarFile.extractfile
    pathlib.Path <- pathlib.Path.absolute pathlib.Path.resolve pathlib.Path.expanduser
    pathlib.Path <- pathlib.Path.with_suffix pathlib.Path.with_name pathlib.Path.joinpath
    pathlib.Path <- pathlib.Path.cwd pathlib.Path.home pathlib.Path.with_stem pathlib.Path.parent
    pathlib.Path <- pathlib.Path.relative_to pathlib.Path.readlink
    [pathlib.Path] <- pathlib.Path.iterdir pathlib.Path.glob pathlib.Path.rglob pathlib.Path.parents
    [os.DirEntry] <- os.scandir
    importlib.abc.Traversable <- importlib.resources.files
    requests.Session <- requests.session requests.Session requests.sessions.session
    requests.Response <- requests.get requests.post requests.put requests.delete requests.request
    requests.Response <- requests.Session.get requests.Session.post requests.Session.request
    http.client.HTTPResponse <- urllib.request.urlopen http.client.HTTPConnection.getresponse
    http.client.HTTPResponse <- urllib.request.OpenerDirector.open
    urllib.request.OpenerDirector <- urllib.request.build_opener
    socket.socket <- socket.create_connection socket.create_server socket.fromfd
    socket.socket <- socket.socket.dup ssl.SSLContext.wrap_socket ssl.wrap_socket
    ssl.SSLContext <- ssl.create_default_context ssl._create_unverified_context
    io.BufferedReader <- socket.socket.makefile
    botocore.client.BaseClient <- boto3.client boto3.Session.client
    boto3.resources.base.ServiceResource <- boto3.resource boto3.Session.resource
    sqlite3.Connection <- sqlite3.connect
    sqlite3.Cursor <- sqlite3.Connection.cursor sqlite3.Connection.execute sqlite3.Cursor.execute
    psycopg2.extensions.connection <- psycopg2.connect
    psycopg2.extensions.cursor <- psycopg2.extensions.connection.cursor
    psycopg.Connection <- psycopg.connect psycopg.Connection.connect
    psycopg.Cursor <- psycopg.Connection.cursor psycopg.Connection.execute
    pymysql.connections.Connection <- pymysql.connect MySQLdb.connect mysql.connector.connect
    pymysql.cursors.Cursor <- pymysql.connections.Connection.cursor
    pyodbc.Connection <- pyodbc.connect cx_Oracle.connect oracledb.connect
    pyodbc.Cursor <- pyodbc.Connection.cursor
    asyncpg.Connection <- asyncpg.connect asyncpg.Pool.acquire
    asyncpg.Pool <- asyncpg.create_pool
    duckdb.DuckDBPyConnection <- duckdb.connect
    sqlalchemy.Engine <- sqlalchemy.create_engine
    sqlalchemy.Connection <- sqlalchemy.Engine.connect sqlalchemy.engine.Engine.connect
    sqlalchemy.Connection <- sqlalchemy.Engine.begin sqlalchemy.engine.Engine.begin
    sqlalchemy.orm.sessionmaker <- sqlalchemy.orm.sessionmaker sqlalchemy.orm.scoped_session
    sqlalchemy.orm.Session <- sqlalchemy.orm.sessionmaker.__call__ sqlalchemy.orm.sessionmaker.begin
    sqlalchemy.orm.Query <- sqlalchemy.orm.Session.query sqlalchemy.orm.Query.filter
    sqlalchemy.orm.Query <- sqlalchemy.orm.Query.filter_by sqlalchemy.orm.Query.order_by
    redis.Redis <- redis.from_url redis.Redis.from_url redis.StrictRedis
    paramiko.SFTPClient <- paramiko.SSHClient.open_sftp paramiko.SFTPClient.from_transport
    subprocess.Popen <- subprocess.Popen
    multiprocessing.pool.Pool <- multiprocessing.Pool multiprocessing.pool.ThreadPool
    multiprocessing.pool.Pool <- multiprocessing.dummy.Pool
    multiprocessing.pool.AsyncResult <- multiprocessing.pool.Pool.apply_async
    multiprocessing.pool.AsyncResult <- multiprocessing.pool.Pool.map_async
    multiprocessing.queues.Queue <- multiprocessing.Queue multiprocessing.JoinableQueue
    multiprocessing.connection.Connection <- multiprocessing.connection.Client
    concurrent.futures.Future <- concurrent.futures.ThreadPoolExecutor.submit
    concurrent.futures.Future <- concurrent.futures.ProcessPoolExecutor.submit
    concurrent.futures.Future <- concurrent.futures.Executor.submit asyncio.run_coroutine_threadsafe
    [concurrent.futures.Future] <- concurrent.futures.as_completed
    asyncio.subprocess.Process <- asyncio.create_subprocess_exec asyncio.create_subprocess_shell
    asyncio.AbstractEventLoop <- asyncio.get_event_loop asyncio.get_running_loop
    asyncio.AbstractEventLoop <- asyncio.new_event_loop
    aiohttp.ClientResponse <- aiohttp.ClientSession.get aiohttp.ClientSession.post
    pexpect.spawn <- pexpect.spawn
    select.poll <- select.poll
    select.epoll <- select.epoll
    str <- json.dumps os.path.join os.path.dirname os.path.basename os.getcwd str.join str.format
    str <- str.strip str.lower str.upper str.replace str.decode bytes.decode repr ascii chr format
    str <- textwrap.dedent os.fsdecode os.path.abspath os.path.normpath os.path.splitext input
    list <- sorted str.split str.splitlines re.findall os.listdir glob.glob
    dict <- dict vars globals locals
    int <- len int hash id ord round sum
    re.Match <- re.match re.search re.fullmatch
    re.Pattern <- re.compile
    hashlib._Hash <- hashlib.new hashlib.md5 hashlib.sha1 hashlib.sha256 hashlib.sha512
    logging.Logger <- logging.getLogger
    """
)

MEMORY: Final = frozenset(
    {
        "io.StringIO",
        "io.BytesIO",
        "cStringIO.StringIO",
        "StringIO.StringIO",
        "six.StringIO",
        "six.BytesIO",
    }
)

# What gives back its first argument, to be read, iterated over or entered in its place.
PASSES_ON: Final = words(
    """
    asyncio.create_task asyncio.ensure_future asyncio.run asyncio.shield
    contextlib.AsyncExitStack.enter_async_context contextlib.ExitStack.enter_context
    contextlib.aclosing contextlib.closing contextlib.nullcontext copy.copy copy.deepcopy
    enumerate iter list reversed rich.progress.track set sorted tqdm.auto.tqdm tqdm.tqdm tuple
    """
)

# Made and handed around by code that computes: having one says nothing about waiting.
PASSIVE: Final = frozenset(
    {
        "pandas.DataFrame",
        "numpy.ndarray",
        "sqlalchemy.MetaData",
        "matplotlib.figure.Figure",
        "PIL.Image.Image",
    }
)

# Standard output is where prints go; it is not what a function waits for.
STREAMS: Final = {
    "sys.stdin": "io.TextIOWrapper",
    "sys.__stdin__": "io.TextIOWrapper",
    "sys.stdout": "sys.stdout",
    "sys.stderr": "sys.stdout",
    "sys.__stdout__": "sys.stdout",
    "sys.__stderr__": "sys.stdout",
}
