"""What the messages between a parent and a worker are called, and how each begins.

    five words: kind │ a │ b │ bytes of the body │ parcels     then these, and the body

The README of this room draws the conversation.  Both sides are on one machine, so the words are as
that machine has them.
"""

from __future__ import annotations

__all__ = ["HEAD", "Kind"]

# Bytes of the five words.
HEAD = 40


class Kind:
    """What a frame means.

    SIMPLE is a brief chunk of a function that `clustrix.functions._evident` calls simple, over
    plain items.
    """

    CONTEXT, TASK, DROP, CHUNK, SIMPLE, EXIT = range(6)  # parent to worker
    PART, DONE, FAILED, BROKEN, SKIPPED, HEARD = range(16, 22)  # worker to parent
