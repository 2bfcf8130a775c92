"""Modules that another thread is only loading are not there yet."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

from clustrix.basis._loaded import loaded
from clustrix.execution.travel._shipping import by_value


def test_half_a_module_is_none(monkeypatch: Any, tmp_path: Path) -> None:
    """It is one as soon as all of it is there."""
    (tmp_path / "slow_module.py").write_text(
        "import threading\nhalf, go_on = SIGNALS\nhalf.set()\ngo_on.wait()\nwhole = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    half, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr("builtins.SIGNALS", (half, go_on), raising=False)
    thread = threading.Thread(target=__import__, args=("slow_module",))
    thread.start()
    half.wait()
    assert "slow_module" in sys.modules
    assert loaded("slow_module") is None
    go_on.set()
    thread.join()
    assert loaded("slow_module").whole
    del sys.modules["slow_module"]


def test_a_loop_may_start_while_cloudpickle_is_being_loaded(monkeypatch: Any) -> None:
    """By another thread that sends its first function; nothing can be registered there yet."""

    class Spec:
        _initializing = True

    half = type(sys)("cloudpickle")
    half.__spec__ = Spec()  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "cloudpickle", half)
    assert by_value() == frozenset()
