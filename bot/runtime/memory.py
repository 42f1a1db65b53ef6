"""What this process holds of the host's memory."""

import ctypes
import gc
from contextlib import suppress

_ARENA_MAX = -8  # mallopt(3), of glibc


def give_back() -> None:
    """Hands what was freed back to the kernel. Another C library than glibc decides by itself, and nothing happens.

    glibc keeps the pieces below what is in use, and they are tens of megabytes after the scrip master was read.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def one_heap() -> None:
    """Lets all threads share one heap, before they begin. Python runs one at a time anyway.

    glibc gives each thread a heap of its own, and what one of them frees is lost to the others.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def settle_heap() -> None:
    """Lets go of what the start made and nobody needs, and leaves what stays out of the collector's rounds from then on.

    It takes a tenth of a second, in which nothing else happens: once, and never again at a time that nobody chose. A class with
    slots is made twice, and the first of the two goes here.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
