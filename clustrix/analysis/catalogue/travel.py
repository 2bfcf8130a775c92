"""What cannot be pickled: a stable code for each kind of refusal, and what usually helps.

ONE_THREAD     classes of what belongs to one thread: neither processes nor threads will do
PICKLE_CODES   code -> what is wrong with the culprit, as the end of "is a lambda, ..."
FIXES          class of the culprit, or of an object around it -> what usually helps
"""

from __future__ import annotations

from typing import Final

__all__ = ["DEFAULT_FIX", "FIXES", "ONE_THREAD", "PICKLE_CODES", "USUAL"]

PICKLE_CODES: Final = {
    "PK101": "which cannot be pickled",
    "PK102": "which has no importable name, so the standard pickle refuses it",
    "PK103": "which the standard pickle refuses",
    "PK104": "whose own pickling method refuses",
    "PK105": "nested too deeply to be pickled",
    "PK107": "which is not found under its name in its module",
    "PK108": "is read by the function, and a worker would get a new one from its own import",
    "PK110": "which cannot be pickled, and works in the thread that made it",
    "PK109": "is found by name, or known by its identity, in this process alone",
}

# What usually helps, where it follows from the code alone.
USUAL: Final = {
    "PK102": "define it with def at the top level of a module",
    "PK103": "define it at the top level of a module",
    "PK105": "flatten it, or send it as a list of parts",
    "PK107": "is the name bound to something else?",
}

ONE_THREAD: Final = frozenset(
    {
        *("sqlite3.Connection", "sqlite3.Cursor", "sqlalchemy.orm.session.Session"),
        *("asyncio.events.AbstractEventLoop", "tkinter.Misc", "tkinter.Variable"),
    }
)

DEFAULT_FIX: Final = "create it inside the function, or leave it out with __getstate__"


def _table(text: str) -> dict[str, str]:
    """One piece of advice a line, then the classes that it helps with."""
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        fix, _, kinds = line.partition("<-")
        found.update(dict.fromkeys(kinds.split(), fix.strip()))
    return found


# The canonical name is the class's own, module and all: `type(x).__module__` and `__qualname__`.
# The advice for an object around the culprit goes first: who has a `queue.Queue` wants to know
# of the queue, not of the lock in it.
FIXES: Final = {
    # Threads, locks, queues.
    "_thread.lock": DEFAULT_FIX + "; a lock guards one process only",
    "_thread.RLock": DEFAULT_FIX + "; a lock guards one process only",
    **_table(
        """
        create it inside the function <- _thread._local _thread._localdummy _hashlib.HASH
        create it inside the function <- _hashlib.HMAC zlib.Compress zlib.Decompress
        create it inside the function <- _bz2.BZ2Compressor _bz2.BZ2Decompressor
        create it inside the function <- _lzma.LZMACompressor _lzma.LZMADecompressor
        create it inside the function <- ssl.SSLContext _ssl._SSLContext pyexpat.xmlparser
        create it inside the function <- concurrent.futures._base.Executor contextlib.ExitStack
        create it inside the function <- multiprocessing.pool.Pool select.epoll select.poll
        create it inside the function <- selectors.BaseSelector contextlib.AsyncExitStack
        start it inside the function <- threading.Thread subprocess.Popen
        start it inside the function <- multiprocessing.process.BaseProcess
        use multiprocessing.Manager().Queue(), which can travel <- queue.Queue _queue.SimpleQueue
        use multiprocessing.Manager().Queue(), which can travel <- multiprocessing.queues.Queue
        use multiprocessing.Manager().Queue(), which can travel <- multiprocessing.queues.SimpleQueue
        use a multiprocessing.Manager(), whose locks and events can travel <- threading.Event
        use a multiprocessing.Manager(), whose locks and events can travel <- threading.Condition
        use a multiprocessing.Manager(), whose locks and events can travel <- threading.Semaphore
        use a multiprocessing.Manager(), whose locks and events can travel <- threading.Barrier
        use a multiprocessing.Manager(), whose locks and events can travel <- multiprocessing.synchronize.SemLock
        use a multiprocessing.Manager(), whose locks and events can travel <- multiprocessing.synchronize.Event
        use a multiprocessing.Manager(), whose locks and events can travel <- multiprocessing.synchronize.Condition
        pass its result <- concurrent.futures._base.Future _asyncio.Future _asyncio.Task
        pass its result <- asyncio.futures.Future multiprocessing.pool.ApplyResult
        call asyncio.run inside the function <- builtins.coroutine asyncio.events.AbstractEventLoop
        call asyncio.run inside the function <- builtins.async_generator
        pass the values that are needed <- _contextvars.Context _contextvars.ContextVar
        pass the values that are needed <- _contextvars.Token builtins.frame builtins.cell
        """  # noqa: E501
    ),
    # Files, the network, databases.
    **_table(
        """
        pass the path and open it inside the function <- _io._IOBase zipfile.ZipFile tarfile.TarFile
        pass the path and open it inside the function <- tempfile._TemporaryFileWrapper mmap.mmap
        pass the path and open it inside the function <- h5py._hl.base.HLObject netCDF4.Dataset
        pass the path and open it inside the function <- cv2.VideoCapture wave.Wave_read wave.Wave_write
        pass the path and open it inside the function <- netCDF4._netCDF4.Dataset fileinput.FileInput
        pass its path attribute <- posix.DirEntry nt.DirEntry
        pass a list of the paths <- posix.ScandirIterator nt.ScandirIterator
        pass the open file's name and make the reader inside the function <- _csv.reader _csv.writer
        pass the address and connect inside the function <- _socket.socket socket.socket
        pass the address and connect inside the function <- http.client.HTTPConnection smtplib.SMTP
        pass the address and connect inside the function <- ftplib.FTP imaplib.IMAP4 poplib.POP3
        pass the address and connect inside the function <- paramiko.client.SSHClient
        pass the address and connect inside the function <- paramiko.transport.Transport
        pass the address and connect inside the function <- grpc._channel.Channel grpc.aio._channel.Channel
        pass the address and connect inside the function <- pymongo.mongo_client.MongoClient
        pass the address and connect inside the function <- pymongo.synchronous.mongo_client.MongoClient
        pass the address and connect inside the function <- kafka.producer.kafka.KafkaProducer zmq.Socket
        pass the address and connect inside the function <- psycopg2.extensions.connection
        pass the address and connect inside the function <- psycopg.Connection pymysql.connections.Connection
        pass the path and connect inside the function <- sqlite3.Connection sqlite3.Cursor
        pass the path and connect inside the function <- duckdb.duckdb.DuckDBPyConnection
        pass the address and create the engine inside the function <- sqlalchemy.engine.base.Engine
        open the session inside the function <- sqlalchemy.orm.session.Session
        pass tuple(row) <- sqlite3.Row
        create the client inside the function <- botocore.client.BaseClient httpx._client.BaseClient
        create the client inside the function <- boto3.resources.base.ServiceResource
        create the client inside the function <- google.cloud.client.Client aiohttp.client.ClientSession
        """  # noqa: E501
    ),
    # Views, iterators, and what belongs to the interpreter.
    **_table(
        """
        pass a list made of it, or loop over it <- builtins.generator
        pass a list made of it <- builtins.dict_keys builtins.dict_values builtins.dict_items
        pass a list made of it <- builtins.odict_keys builtins.odict_values builtins.odict_items
        pass a list made of it <- builtins.callable_iterator
        pass a dict made of it <- builtins.mappingproxy weakref.WeakValueDictionary
        pass a dict made of it <- weakref.WeakKeyDictionary
        pass bytes made of it <- builtins.memoryview
        pass its groups <- re.Match
        import it inside the function <- builtins.module
        pass the source of it <- builtins.code
        format it with the traceback module and pass the text <- builtins.traceback
        pass the object that it refers to <- weakref.ReferenceType weakref.ProxyType
        pass the object that it refers to <- builtins.weakref builtins.weakproxy weakref.WeakMethod
        pass the numbers or bytes that it points to <- _ctypes._Pointer _ctypes.PyCFuncPtr
        load it inside the function <- ctypes.CDLL
        get it with logging.getLogger inside the function <- logging.Logger logging.Handler
        pass its text and parse it inside the function <- lxml.etree._Element lxml.etree._ElementTree
        do without it; windows belong to one thread of one process <- tkinter.Misc _tkinter.tkapp
        do without it; windows belong to one thread of one process <- tkinter.Variable
        do without it; a browser belongs to one process <- selenium.webdriver.remote.webdriver.WebDriver
        do without it, or make it around the loop <- tqdm.std.tqdm
        """  # noqa: E501
    ),
}
