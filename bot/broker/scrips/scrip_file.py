"""The decoded scrip master on disk, beside the broker's own file, so that a start need not decode and check that again.

It is a copy that may be lost at any time. It is believed only when it was made of the very file beside it, by the very code
that runs, and is whole: one digest is over all three. Anything else is as if it were not there. Its texts stay on disk and
are read when they are looked at, so the file is never written in place: who reads goes on with the one that was opened.
"""

import hashlib
import os
import sys
from array import array
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import overload
from weakref import finalize

import msgspec

from bot.broker.scrips import scrip_decoder, scrip_master
from bot.broker.scrips.scrip_master import Master
from bot.broker.wire import models, vocabulary
from bot.domain.errors import StorageError
from bot.domain.market import scrip_columns
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.market.scrip_columns import CodedColumn, Directory, TextColumn

_DIGEST = 32  # bytes
_LENGTH = 8  # bytes of the number that says how long the head is
_MAKERS = (scrip_decoder, scrip_master, scrip_columns, vocabulary, models)  # what decides on the meaning of a row


class _Head(msgspec.Struct, array_like=True):
    """What is held in memory. The texts follow it: of each column its pieces, which are ends, order and text."""

    coded: dict[str, tuple[list[str], str, bytes]]  # each text once, then their numbers as an array of this type
    texts: dict[str, tuple[int, int, int]]  # the bytes of each piece
    indexes: int  # how many of the last rows came from no file


_HEAD = msgspec.msgpack.Decoder(_Head)


class _File:
    """The file, open for as long as there is somebody who may read in it."""

    def __init__(self, path: Path) -> None:
        self._number = os.open(path, os.O_RDONLY)
        finalize(self, os.close, self._number)

    def whole(self) -> bytes:
        return self.read(0, os.fstat(self._number).st_size)

    def read(self, start: int, size: int) -> bytes:
        if len(read := os.pread(self._number, size, start)) != size:
            raise StorageError("The scrip master on disk was cut off. The next start reads it anew.")
        return read


class _Text:
    """A piece of it: what scrip_columns asks for by its places."""

    def __init__(self, file: _File, start: int, size: int) -> None:
        self._file, self._start, self._size = file, start, size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        return self._file.read(self._start + start, stop - start)


class _Numbers(Sequence[int]):
    """A piece of it that is an array of numbers."""

    _WIDTH = array("I").itemsize

    def __init__(self, file: _File, start: int, size: int) -> None:
        self._file, self._start, self._count = file, start, size // self._WIDTH

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> "array[int]": ...
    def __getitem__(self, at: int | slice) -> "int | array[int]":
        if isinstance(at, int):
            return int.from_bytes(self._file.read(self._start + at * self._WIDTH, self._WIDTH), sys.byteorder)
        start, stop, _ = at.indices(self._count)
        return array("I", self._file.read(self._start + start * self._WIDTH, (stop - start) * self._WIDTH))


def keep(master: Master, path: Path, indexes: Sequence[Instrument]) -> Master:
    """Writes what was decoded from the file at `path`, and returns it with its texts on disk.

    A disk that is full leaves the one in memory, and makes the next start slower.
    """
    pieces = {
        name: (array("I", column.ends).tobytes(), array("I", master.directories[name].order).tobytes(), bytes(column.text[:]))
        for name, column in master.texts.items()
    }
    place = _beside(path)
    part = place.with_suffix(".part")
    try:
        head = msgspec.msgpack.encode(
            _Head(
                coded={
                    name: ([*column.distinct], column.codes.typecode, column.codes.tobytes())
                    for name, column in master.coded.items()
                },
                texts={name: (len(ends), len(order), len(text)) for name, (ends, order, text) in pieces.items()},
                indexes=len(master.indexes),
            )
        )
        body = b"".join([len(head).to_bytes(_LENGTH), head, *(piece for column in pieces.values() for piece in column)])
        part.write_bytes(_digest(body, path, indexes) + body)
        part.replace(place)
    except (OSError, UnicodeEncodeError):  # half a letter in a column that nobody reads
        with suppress(OSError):
            part.unlink(missing_ok=True)
        return master
    return restored(path, indexes) or master


def restored(path: Path, indexes: Sequence[Instrument]) -> Master | None:
    """What was decoded from the file at `path`, with these indexes. None when it has to be decoded now."""
    try:
        file = _File(_beside(path))
        kept = memoryview(file.whole())
        digest = _digest(kept[_DIGEST:], path, indexes)
    except (OSError, StorageError):
        return None
    if kept[:_DIGEST] != digest:
        return None
    start = _DIGEST + _LENGTH + int.from_bytes(kept[_DIGEST : _DIGEST + _LENGTH])
    head = _HEAD.decode(kept[_DIGEST + _LENGTH : start])
    texts, directories = {}, {}
    for name, sizes in head.texts.items():
        ends, order, text = zip(accumulate(sizes, initial=start), sizes, strict=False)
        start += sum(sizes)
        texts[name] = TextColumn(_Text(file, *text), _Numbers(file, *ends))
        directories[name] = Directory(texts[name], _Numbers(file, *order))
    coded = {name: CodedColumn(array(kind, codes), distinct) for name, (distinct, kind, codes) in head.coded.items()}
    known = {one.key: one for one in indexes}
    last = range(len(texts["token"]) - head.indexes, len(texts["token"]))
    own = [known[InstrumentKey(Exchange(coded["exch_seg"][row]), texts["token"][row])] for row in last]
    return Master(texts, coded, own, directories)


def _beside(path: Path) -> Path:
    return path.with_suffix(".columns")


def _digest(body: bytes | memoryview, path: Path, indexes: Sequence[Instrument]) -> bytes:
    """Raises OSError where the broker's file, or the source of the code, cannot be read."""
    file = path.stat()
    digest = hashlib.blake2b(body, digest_size=_DIGEST)
    digest.update(repr((file.st_size, file.st_mtime_ns, sys.byteorder, array("I").itemsize, indexes)).encode())
    for maker in _MAKERS:
        digest.update(Path(str(maker.__file__)).read_bytes())
    return digest.digest()
