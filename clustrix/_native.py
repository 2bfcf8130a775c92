"""The native halves of `pickle`, `queue`, `signal` and `socket`: all that is needed of them.

The other halves, in Python, load `enum`, `re` and more: 20 of the 40 ms that a worker used to
take after its interpreter was there.  Interpreters that have no such halves have the whole.
"""

from __future__ import annotations

__all__ = ["pickle", "queue", "signal", "socket"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pickle
    import queue
    import signal
    import socket
else:
    try:
        import _pickle as pickle
        import _queue as queue
        import _signal as signal
        import _socket as socket
    except ImportError:
        import pickle
        import queue
        import signal
        import socket
