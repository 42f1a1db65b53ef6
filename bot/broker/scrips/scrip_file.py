"""The decoded scrip master on disk, beside the broker's own file, so that a start need not decode and check that again.

It is a copy that may be lost at any time. It is believed only when it was made of the very file beside it, by the very code
that runs, and is whole: one digest is over all three. Anything else is as if it were not there.
"""

import hashlib
import sys
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from bot.broker.scrips import scrip_decoder, scrip_master
from bot.broker.scrips.scrip_master import Master
from bot.broker.wire import models, vocabulary
from bot.domain.market import scrip_columns
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.market.scrip_columns import CodedColumn, Directory, TextColumn

_DIGEST = 32  # bytes
_MAKERS = (scrip_decoder, scrip_master, scrip_columns, vocabulary, models)  # what decides on the meaning of a row


class _Rows(msgspec.Struct, array_like=True):
    """The columns by name: texts in one piece and where each ends. Distinct texts come with each row's number among them."""

    texts: dict[str, tuple[str, bytes]]
    coded: dict[str, tuple[list[str], str, bytes]]  # the numbers as an array of this type
    by_token: bytes
    indexes: int  # how many of the last rows came from no file


_DECODER = msgspec.msgpack.Decoder(_Rows)


def keep(master: Master, path: Path, indexes: Sequence[Instrument]) -> None:
    """Writes what was decoded from the file at `path`. A disk that is full only makes the next start slower."""
    rows = _Rows(
        texts={name: (column.text, column.ends.tobytes()) for name, column in master.texts.items()},
        coded={
            name: ([*column.distinct], column.codes.typecode, column.codes.tobytes()) for name, column in master.coded.items()
        },
        by_token=master.by_token.order.tobytes(),
        indexes=len(master.indexes),
    )
    place = _beside(path)
    part = place.with_suffix(".part")
    try:
        body = msgspec.msgpack.encode(rows)
        part.write_bytes(_digest(body, path, indexes) + body)
        part.replace(place)
    except (OSError, UnicodeEncodeError):  # half a letter in a column that nobody reads
        with suppress(OSError):
            part.unlink(missing_ok=True)


def restored(path: Path, indexes: Sequence[Instrument]) -> Master | None:
    """What was decoded from the file at `path`, with these indexes. None when it has to be decoded now."""
    try:
        kept = memoryview(_beside(path).read_bytes())
        digest = _digest(kept[_DIGEST:], path, indexes)
    except OSError:
        return None
    if kept[:_DIGEST] != digest:
        return None
    rows = _DECODER.decode(kept[_DIGEST:])
    texts = {name: TextColumn(text, array("I", ends)) for name, (text, ends) in rows.texts.items()}
    coded = {name: CodedColumn(array(kind, codes), distinct) for name, (distinct, kind, codes) in rows.coded.items()}
    by_token = Directory(texts["token"], array("I", rows.by_token))
    known = {one.key: one for one in indexes}
    last = range(len(by_token.order) - rows.indexes, len(by_token.order))
    own = [known[InstrumentKey(Exchange(coded["exch_seg"][row]), texts["token"][row])] for row in last]
    return Master(texts, coded, own, by_token)


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
