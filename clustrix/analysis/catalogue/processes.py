"""What starts other programs and waits for them: IO3xx."""

from __future__ import annotations

from typing import Final

from clustrix.analysis.catalogue._entry import BlockingCall, of

PROCESSES: Final = (
    BlockingCall(
        "IO301",
        "subprocess.run",
        "waits for another program",
        (
            *of("subprocess", "call check_call check_output getoutput getstatusoutput"),
            *of("subprocess", "Popen Popen.communicate Popen.wait"),
            *of("os", "system popen"),
            *of("pty", "spawn"),
            *of("asyncio", "create_subprocess_exec create_subprocess_shell"),
            *of("asyncio.subprocess.Process", "communicate wait"),
            *of("sh", "Command"),
            *of("pexpect", "spawn run spawn.expect spawn.sendline"),
            *of("invoke", "run Context.run"),
            *of("webbrowser", "open open_new open_new_tab"),
            *of("ctypes.util", "find_library"),
            *of("psutil.Popen", "wait communicate"),
            *of("anyio", "run_process open_process"),
            *of("trio", "run_process"),
        ),
    ),
    BlockingCall(
        "IO302",
        "os.waitpid",
        "waits for a child process",
        (
            *of("os", "wait wait3 wait4 waitid waitstatus"),
            *of("multiprocessing.Process", "join start"),
            *of("multiprocessing.process.BaseProcess", "join start"),
            *of("psutil", "wait_procs Process.wait"),
        ),
    ),
    BlockingCall(
        "IO303",
        "os.fork",
        "starts a process",
        (
            *of("os", "forkpty posix_spawn posix_spawnp spawnl spawnle spawnlp spawnlpe spawnv"),
            *of("os", "spawnve spawnvp spawnvpe execv execve execvp execvpe execl execle"),
            *of("os", "execlp execlpe"),
            "_posixsubprocess.fork_exec",
        ),
    ),
    BlockingCall(
        "IO304",
        "multiprocessing.Pool",
        "waits for worker processes",
        (
            *of("multiprocessing.pool.Pool", "map starmap apply imap join"),
            *of("multiprocessing.pool.AsyncResult", "get wait"),
            *of("multiprocessing", "Manager Pipe"),
            *of("multiprocessing.connection.Connection", "recv recv_bytes send send_bytes poll"),
            *of("multiprocessing.connection.Connection", "recv_bytes_into"),
            *of("multiprocessing.connection._ConnectionBase", "recv recv_bytes send send_bytes"),
            *of("multiprocessing.connection._ConnectionBase", "poll recv_bytes_into"),
            *of("multiprocessing.connection", "Client Listener wait Listener.accept"),
            *of("multiprocessing.queues.Queue", "get put"),
            *of("multiprocessing.queues.SimpleQueue", "get put"),
        ),
    ),
)
