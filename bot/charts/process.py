"""The process that draws, seen from the bot: started with the first picture, ended when idle, and begun anew when it has died.

Drawing in a thread would hold the interpreter's lock while others wait for their answers, and the library would stay in the
memory of the process that trades. This file imports neither the library nor anything that does.
"""

import asyncio
import logging
import pickle
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bot.domain.errors import PictureFailed
from bot.domain.pictures import Picture

log = logging.getLogger(__name__)

WITHIN = 10.0  # seconds for one picture, the start of the process included; usually it is a fraction of one
IDLE = 300.0  # seconds without a picture after which the process ends
LENGTH = struct.Struct(">I")  # of what follows, as worker.py reads and writes it
MOST_BYTES = 10 * 2**20  # Telegram takes no larger photo
COMMAND = (sys.executable, "-m", "bot.charts.worker")

FAILED = "The picture could not be drawn."
LATE = "Drawing the picture took too long and was given up."
_ROOT = Path(__file__).resolve().parents[2]


class DrawingProcess:
    """Draws one picture after the other. close() ends it. A picture that is asked for later starts it again."""

    def __init__(self, command: Sequence[str] = COMMAND, *, within: float = WITHIN, idle: float = IDLE) -> None:
        """command: what to start. within, idle: seconds."""
        self._command = tuple(command)
        self._within = within
        self._idle = idle
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The number of the running process."""
        return self._process.pid if self._process is not None else None

    async def draw(self, picture: Picture) -> bytes:
        """The PNG. PictureFailed when the process dies over it, cannot draw it, or takes too long. The next one starts anew."""
        async with self._turn:
            self._stay()
            try:
                async with asyncio.timeout(self._within):
                    content = await self._ask(picture)
            except TimeoutError:
                log.warning("a picture took longer than %.0f s: the process that draws is ended", self._within)
                await self.close()
                raise PictureFailed(LATE) from None
            except (OSError, EOFError, ValueError) as error:
                log.warning("the process that draws has died: %s", type(error).__name__)
                await self.close()
                raise PictureFailed(FAILED) from None
            except asyncio.CancelledError:  # its answer would be taken for the next one's
                await self.close()
                raise
            self._timer = asyncio.get_running_loop().call_later(self._idle, self._end_idle)
        if not content:
            raise PictureFailed(FAILED)
        return content

    async def close(self) -> None:
        """Ends the process at once."""
        self._stay()
        process, self._process = self._process, None
        if process is not None:
            await _end(process)
        if self._ending is not None:
            await self._ending

    async def _ask(self, picture: Picture) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:  # the host may have ended an idle one
            process = await self._start()
        value = pickle.dumps(picture)
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(LENGTH.pack(len(value)) + value)
        await process.stdin.drain()
        (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        if length > MOST_BYTES:
            raise ValueError(length)
        return await process.stdout.readexactly(length)

    async def _start(self) -> asyncio.subprocess.Process:
        """Nothing of the environment goes along, for secrets may be in it.

        It stays in the bot's session: between two of them Linux shares the processor evenly, whatever the niceness.
        """
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=_ROOT, env={}, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        return self._process

    def _stay(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_idle(self) -> None:
        """A picture that is asked for from here on starts another process."""
        process, self._process = self._process, None
        if process is not None:
            self._ending = asyncio.create_task(_end(process), name="the process that draws ends")


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.communicate()  # what it wrote meanwhile is let go, and the pipes are closed
