"""What this process holds of the host's memory."""

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Hands what was freed back to the kernel. Another C library than glibc decides by itself, and nothing happens.

    glibc keeps the pieces below what is in use, and they are tens of megabytes after the scrip master was read.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
