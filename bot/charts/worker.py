"""The process that draws: reads pictures' values from its standard input, writes PNGs to its output, and ends with its parent.

Each way a message is its length in four bytes and then its content. An answer of no bytes: that picture could not be drawn.
"""

import os
import pickle
import signal
import struct
import sys
import traceback
from typing import BinaryIO

from bot.charts.draw import draw
from bot.runtime.hardening import harden

LENGTH = struct.Struct(">I")
_LAST = 10  # niceness: where processors are few, whoever sends orders goes first; at 19 a busy host would draw nothing


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Draws until the input ends."""
    while len(head := asked.read(LENGTH.size)) == LENGTH.size:
        (length,) = LENGTH.unpack(head)
        value = pickle.loads(asked.read(length))  # noqa: S301 - from the process that started this one, over its own pipe
        try:
            content = draw(value)
        except Exception:  # noqa: BLE001 - one picture is given up, and the next is drawn
            traceback.print_exc()
            content = b""
        answers.write(LENGTH.pack(len(content)) + content)
        answers.flush()


if __name__ == "__main__":
    harden()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is for the bot
    os.nice(_LAST)
    serve(sys.stdin.buffer, sys.stdout.buffer)
