"""Pauses the garbage collector until the first frame: it takes a seventh of the CPU until then.

A file of its own because it is needed before Textual is loaded and again on the screen.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """The collector is off until `resume_gc` or the end, whichever comes first."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def resume_gc() -> None:
    """Turns the collector on again; what exists by now is never looked at. Does nothing the second time."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
