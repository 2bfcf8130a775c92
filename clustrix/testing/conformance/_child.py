"""The process in which behaviours run: one engine, a line of JSON for each behaviour.

``python -m clustrix.testing.conformance._child ENGINE DESCRIPTOR PATIENCE ID …``, started by the
watchdog.  Results go to the descriptor, since the items may write anything to the streams.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

from clustrix.testing.conformance._registry import behaviours
from clustrix.testing.conformance._running import run_behaviour
from clustrix.testing.conformance._subjects import make_subject

__all__ = ["main"]


def main(spec: str, handle: int, patience: float, ids: set[str]) -> None:
    """Run the behaviours, in the order of the table."""
    os.set_inheritable(handle, False)
    with open(handle, "w", encoding="utf-8") as report:
        try:
            subject = make_subject(spec)
        except (ValueError, TypeError) as error:
            print(json.dumps({"mistake": str(error)}), file=report)
            return
        for behaviour in behaviours():
            if behaviour.id in ids:
                result = run_behaviour(behaviour, subject, patience)
                print(json.dumps(asdict(result)), file=report, flush=True)
        subject.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), set(sys.argv[4:]))
    sys.stdout.flush()
    os._exit(0)  # threads that an engine lost must not keep this process
