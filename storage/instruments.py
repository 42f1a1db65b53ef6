"""Drawer: the scrip master on disk, swapped as a whole."""

import zlib
from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import bindparam, select

from bot.domain.errors import StorageError
from bot.domain.instrument import Instrument
from bot.domain.ports import MasterDay
from storage.engine import Transaction
from storage.tables import master, master_parts

# 150,000 single rows take many seconds to write; as compressed parts they take a fraction of one. Parts, and not one
# whole, because decoding holds the interpreter: between two parts the event loop gets its turn.
_PART = 4000
_FAST = 1  # zlib level: the rows repeat so much that more effort gains little

_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(list[Instrument])

_CLEAR = (master.delete(), master_parts.delete())
_ADD_PART = master_parts.insert().values(id=bindparam("id"), body=bindparam("body"))
_ADD = master.insert().values({name: bindparam(name) for name in ("id", "day", "rows", "loaded_at")})
_DAY = select(master.c.day, master.c.rows, master.c.loaded_at)
_PARTS = select(master_parts.c.body).order_by(master_parts.c.id)


class SqlMaster:
    """The master of one date."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def replace(self, day: date, instruments: Sequence[Instrument], at: datetime) -> None:
        for statement in _CLEAR:
            self._tx.write(statement)
        for number in range(0, len(instruments), _PART):
            body = zlib.compress(_encoder.encode(instruments[number : number + _PART]), _FAST)
            self._tx.write(_ADD_PART, {"id": number, "body": body})
        self._tx.write(_ADD, {"id": 1, "day": day, "rows": len(instruments), "loaded_at": at})

    def load(self) -> tuple[MasterDay, Sequence[Instrument]] | None:
        """About 150,000 instruments in well under a second; StorageError when what is stored is not whole."""
        found = self._tx.rows(_DAY).one_or_none()
        if found is None:
            return None
        instruments: list[Instrument] = []
        try:
            for (body,) in self._tx.rows(_PARTS):
                instruments.extend(_decoder.decode(zlib.decompress(body)))
        except (zlib.error, msgspec.MsgspecError, ValueError) as error:
            raise StorageError("The stored list of instruments cannot be read.") from error
        if len(instruments) != found.rows:
            raise StorageError(f"The stored list of instruments has {len(instruments)} rows of {found.rows}.")
        return MasterDay(date=found.day, rows=found.rows, loaded_at=found.loaded_at), instruments
