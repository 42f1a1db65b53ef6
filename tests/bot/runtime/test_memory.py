"""Memory that was freed goes back to the host."""

import gc
import platform
import resource
import subprocess
import sys
from pathlib import Path
from weakref import ref

import pytest

from bot.runtime.memory import give_back, settle_heap

PIECE, PIECES = 64 * 1024, 512  # 32 megabytes, in pieces too small to be given back one by one
MEGABYTE = 2**20


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library gives back by itself")
def test_what_was_freed_below_a_piece_in_use_goes_back_to_the_host() -> None:
    pieces = [bytes([1]) * PIECE for _ in range(PIECES)]
    last = bytes([2]) * PIECE
    pieces.clear()
    held = resident()
    give_back()
    assert held - resident() > 24 * MEGABYTE
    assert last[0] == 2


def test_it_may_be_asked_again_with_nothing_to_give() -> None:
    give_back()
    held = resident()
    give_back()
    assert abs(held - resident()) < MEGABYTE


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has one heap, or none of its own")
@pytest.mark.parametrize(("first", "heaps"), [("", 2), ("one_heap()", 1)])
def test_threads_share_one_heap_when_told_to_before_they_begin(first: str, heaps: int) -> None:
    code = (
        "import ctypes, threading\n"
        "from bot.runtime.memory import one_heap\n"
        f"{first}\n"
        "thread = threading.Thread(target=bytearray, args=[100_000]); thread.start(); thread.join()\n"
        "ctypes.CDLL(None).malloc_stats()\n"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stderr.count("Arena ") == heaps


def test_what_an_import_left_behind_goes_once_it_is_settled_though_it_was_frozen_and_what_stays_is_not_walked_again() -> None:
    class Left:
        """A class holds on to itself."""

    gone, stays = ref(Left), [object()]
    del Left
    gc.freeze()
    try:
        gc.collect()
        assert gone() is not None
        settle_heap()
        assert gone() is None
        assert not any(each is stays for each in gc.get_objects())
    finally:
        gc.unfreeze()
