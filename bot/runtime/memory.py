"""What this process holds of the host's memory."""

import ctypes
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
