"""What waits for time, locks, other threads, or a person: IO5xx."""

from __future__ import annotations

from typing import Final

from clustrix.analysis.catalogue._entry import BlockingCall, of

WAITING: Final = (
    BlockingCall(
        "IO501",
        "time.sleep",
        "sleeps",
        (
            *of("asyncio", "sleep"),
            *of("anyio", "sleep sleep_until"),
            *of("trio", "sleep sleep_until"),
            *of("tornado.gen", "sleep"),
            *of("gevent", "sleep"),
            *of("eventlet", "sleep"),
            *of("sched.scheduler", "run"),
            *of("signal", "pause sigwait sigwaitinfo sigtimedwait"),
        ),
    ),
    BlockingCall(
        "IO502",
        "select.select",
        "waits until something is ready",
        (
            *of("select", "poll.poll epoll.poll kqueue.control devpoll.poll"),
            *of("selectors.BaseSelector", "select"),
            *of("selectors.SelectSelector", "select"),
            *of("selectors.PollSelector", "select"),
            *of("selectors.EpollSelector", "select"),
            *of("selectors.DefaultSelector", "select"),
            *of("selectors.KqueueSelector", "select"),
            *of("fcntl", "flock lockf"),
            *of("msvcrt", "locking getch getwch kbhit"),
            *of("termios", "tcdrain"),
        ),
    ),
    BlockingCall(
        "IO503",
        "threading.Thread.join",
        "waits for another thread",
        (
            *of("threading.Thread", "start"),
            *of("threading.Event", "wait"),
            *of("threading.Condition", "wait wait_for"),
            *of("threading.Barrier", "wait"),
            *of("threading.Semaphore", "acquire"),
            *of("threading.BoundedSemaphore", "acquire"),
            *of("queue.Queue", "get put join"),
            *of("queue.SimpleQueue", "get"),
            *of("queue.LifoQueue", "get put"),
            *of("queue.PriorityQueue", "get put"),
            *of("concurrent.futures", "wait as_completed"),
            *of("concurrent.futures.Future", "result exception"),
            *of("concurrent.futures.Executor", "map shutdown"),
            *of("concurrent.futures.ThreadPoolExecutor", "map shutdown"),
            *of("concurrent.futures.ProcessPoolExecutor", "map shutdown"),
            *of("asyncio", "wait wait_for gather as_completed to_thread"),
            *of("asyncio.Queue", "get put join"),
            *of("asyncio.Event", "wait"),
            *of("asyncio.Condition", "wait wait_for"),
        ),
    ),
    BlockingCall(
        "IO504",
        "input",
        "waits for a person",
        (
            *of("getpass", "getpass unix_getpass win_getpass "),
            "sys.stdin.read",
            "sys.stdin.readline",
            "sys.stdin.readlines",
            "sys.stdin.buffer",
            *of("pydoc", "pager pipepager ttypager tempfilepager"),
            *of("code", "interact InteractiveConsole.interact InteractiveConsole.raw_input"),
            *of("pdb", "set_trace Pdb.set_trace post_mortem pm"),
            "breakpoint",
            *of("click", "prompt confirm getchar pause edit launch echo_via_pager"),
            *of("rich.prompt.Prompt", "ask"),
            *of("curses", "wrapper"),
            *of("tkinter", "mainloop"),
            *of("tkinter.Misc", "mainloop wait_window wait_variable"),
        ),
    ),
)
