"""The day's scrip master: streamed to disk, checked, and swapped in whole or not at all.

Yesterday's stays when it is broken.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from bot.broker.scrips import scrip_file
from bot.broker.scrips.scrip_decoder import read_master
from bot.broker.scrips.scrip_master import INDEXES, Master
from bot.broker.transport import OpenSink
from bot.broker.wire import answers
from bot.domain.errors import StorageError, Unreadable
from bot.domain.market.instrument import Instrument, InstrumentKey

log = logging.getLogger(__name__)

LEAST_OF_YESTERDAY = 0.6  # fewer rows than this share of the last good master: half a file
MOST_OF_YESTERDAY = 3.0  # more rows than this share: not the file that we know
_NO_DISK = "The scrip master could not be written to disk."


class ScripCache:
    """Keeps the newest good master of one broker on disk and in memory. All accounts share it."""

    def __init__(self, directory: Path, *, source: str, indexes: Sequence[Instrument] = INDEXES) -> None:
        name = hashlib.sha256(source.encode()).hexdigest()[:8]  # one broker's master is no measure for another's
        self._path = directory / f"scrips-{name}.json"
        self._indexes = indexes
        self._lock = asyncio.Lock()
        self.master: Master | None = None

    def find(self, key: InstrumentKey) -> Instrument | None:
        """An instrument of the master in use."""
        return self.master.find(key) if self.master is not None else None

    async def load(self) -> Master | None:
        """The master on disk from an earlier day or start. None when there is none that can be read."""
        if self.master is None and self._path.exists():
            try:
                self.master = await asyncio.to_thread(self._read)
            except (Unreadable, OSError):
                log.warning("the scrip master on disk cannot be read")
        return self.master

    async def fetch(self, download: Callable[[OpenSink], Awaitable[answers.Answer]]) -> Master:
        """A fresh master, or Unreadable (and the earlier one stays). `download` streams the body into the sink it is given."""
        async with self._lock:
            before = await self.load()
            part = self._path.with_suffix(".part")
            stream = _PartFile(part)
            try:
                answer = await download(stream.open)
                stream.close()
                self._check_answer(answer)
                master = await asyncio.to_thread(read_master, part, self._indexes)
                if before is not None and not LEAST_OF_YESTERDAY <= len(master) / len(before) <= MOST_OF_YESTERDAY:
                    say = f"mStock's scrip master has {len(master):,} rows after {len(before):,}. The earlier one stays."
                    raise Unreadable(say)
                await asyncio.to_thread(os.replace, part, self._path)
                master = await asyncio.to_thread(scrip_file.keep, master, self._path, self._indexes)
            except OSError:
                raise StorageError(_NO_DISK) from None
            finally:
                stream.close()
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
            self.master = master
            return master

    def _read(self) -> Master:
        """Plain and slow, for a worker thread."""
        master = scrip_file.restored(self._path, self._indexes)
        if master is None:
            master = scrip_file.keep(read_master(self._path, self._indexes), self._path, self._indexes)
        return master

    @staticmethod
    def _check_answer(answer: answers.Answer) -> None:
        reply = answers.envelope(answer.body) if answer.body.lstrip()[:1] != b"[" or len(answer.body) < 4096 else None
        if answer.http == 200 and (reply is None or reply.ok):
            return
        raise answers.failure_of_read(answer, reply) or Unreadable("mStock did not give the scrip master.")


class _PartFile:
    """The download under way: emptied for each new attempt, on disk when closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def open(self) -> Callable[[bytes], object]:
        self.close()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb")
        except OSError:
            raise StorageError(_NO_DISK) from None
        return self._write

    def _write(self, piece: bytes) -> None:
        """A disk that fails must not be taken for a line that fails, so the error changes its kind here."""
        try:
            if self._file is not None:
                self._file.write(piece)
        except OSError:
            raise StorageError(_NO_DISK) from None

    def close(self) -> None:
        if self._file is not None and not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
