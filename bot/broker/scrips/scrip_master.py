"""The scrip master of a day: its rows as columns of texts, and an instrument made of a row when it is looked at."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import overload

import msgspec

from bot.broker.wire import vocabulary
from bot.broker.wire.models import exact
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind, Right
from bot.domain.market.scrip_columns import CodedColumn, Columns, Directory, TextColumn

_INDEX_TICK = Decimal("0.05")


def index(exchange: Exchange, token: str, symbol: str, name: str) -> Instrument:
    """An index: a price without an order."""
    return Instrument(
        exchange=exchange, token=token, symbol=symbol, name=name, kind=InstrumentKind.INDEX, lot=1, tick=_INDEX_TICK
    )


# NSE's indices are in no master; their tokens stand in mstock-type-b.md 10.1, with unequal evidence.
INDEXES = (
    index(Exchange.NSE, "26000", "NIFTY", "NIFTY 50"),
    index(Exchange.NSE, "26009", "BANKNIFTY", "NIFTY BANK"),
    index(Exchange.NSE, "26037", "FINNIFTY", "NIFTY FIN SERVICE"),
    index(Exchange.NSE, "26074", "MIDCPNIFTY", "NIFTY MID SELECT"),
    index(Exchange.NSE, "26013", "NIFTYNXT50", "NIFTY NEXT 50"),
    index(Exchange.NSE, "26017", "INDIAVIX", "INDIA VIX"),
    index(Exchange.BSE, "51", "SENSEX", "SENSEX"),
)


class Scrip(msgspec.Struct, gc=False):
    """One row as it stands on the wire: strings only (section 10)."""

    token: str
    symbol: str
    name: str
    exch_seg: str
    instrumenttype: str
    expiry: str = ""
    strike: str = ""
    lotsize: str = ""
    tick_size: str = ""


_KINDS = {
    "EQ": InstrumentKind.EQUITY, "OPTIDX": InstrumentKind.INDEX_OPTION, "OPTSTK": InstrumentKind.STOCK_OPTION,
    "FUTIDX": InstrumentKind.INDEX_FUTURE, "FUTSTK": InstrumentKind.STOCK_FUTURE, "INDEX": InstrumentKind.INDEX,
}  # fmt: skip


# Read from the name's end: no column says it.
RIGHTS = {spelled: right for right in Right for spelled in (right.value, right.value.lower(), right.value.capitalize())}
MADE = 1000  # instruments that are kept; more than that are let go together
# Columns with few distinct texts. The last two are read from the name.
CODED = ("symbol", "exch_seg", "instrumenttype", "expiry", "strike", "lotsize", "tick_size", "right", "series")


class Master(Sequence[Instrument]):
    """All instruments of a day. Rows are kept as columns of texts. An Instrument is made when it is looked at."""

    def __init__(
        self,
        texts: Mapping[str, TextColumn],
        coded: Mapping[str, CodedColumn[str]],
        indexes: Sequence[Instrument],
        directories: Mapping[str, Directory] | None = None,
    ) -> None:
        """texts, coded: the columns by their names on the wire. indexes: the last rows, which came from no file.

        directories: of the texts, where they are made already.
        """
        self.texts, self.coded, self.indexes = texts, coded, indexes
        self.directories = directories or {name: Directory(column) for name, column in texts.items()}
        columns: Mapping[str, Sequence[str]] = {**texts, **coded}
        self._columns = [columns[field] for field in Scrip.__struct_fields__]
        self._made: dict[InstrumentKey, Instrument | None] = {}  # by find(): a list asks for the same few each time

    def __len__(self) -> int:
        return len(self.texts["token"])

    @overload
    def __getitem__(self, at: int) -> Instrument: ...
    @overload
    def __getitem__(self, at: slice) -> list[Instrument]: ...
    def __getitem__(self, at: int | slice) -> Instrument | list[Instrument]:
        if isinstance(at, slice):
            return [self[position] for position in range(*at.indices(len(self)))]
        if at < 0:
            at += len(self)
        if not 0 <= at < len(self):
            raise IndexError(at)
        from_end = at - len(self)
        if from_end >= -len(self.indexes):
            return self.indexes[from_end]
        return _instrument(Scrip(*[column[at] for column in self._columns]))

    def columns(self) -> Columns:
        """The same rows as columns."""
        coded = self.coded
        return Columns(
            exchange=coded["exch_seg"].mapped(Exchange),
            token=self.texts["token"],
            symbol=coded["symbol"],
            name=self.texts["name"],
            kind=coded["instrumenttype"].mapped(lambda text: vocabulary.instrument_kind(text) or InstrumentKind.EQUITY),
            expiry=coded["expiry"].mapped(lambda text: vocabulary.day(text) if text else None),
            strike=coded["strike"].mapped(lambda text: strike_of(text) if text else None),
            right=coded["right"].mapped(RIGHTS.get),
            series=coded["series"],
        )

    def rows_named(self, name: str) -> Sequence[int]:
        """The rows with exactly that trading symbol, in their order."""
        return self.directories["name"].rows(name)

    def find(self, key: InstrumentKey) -> Instrument | None:
        """The instrument of a key, made when it is first asked for."""
        if key not in self._made:
            if len(self._made) >= MADE:
                self._made.clear()
            self._made[key] = self._find(key)
        return self._made[key]

    def _find(self, key: InstrumentKey) -> Instrument | None:
        for at in self.directories["token"].rows(key.token):
            if self.coded["exch_seg"][at] == key.exchange:
                return self[at]
        return None


def _instrument(row: Scrip) -> Instrument:
    kind = _kind(row)
    name = row.name
    derivative = kind not in (InstrumentKind.EQUITY, InstrumentKind.INDEX)
    option = kind in (InstrumentKind.INDEX_OPTION, InstrumentKind.STOCK_OPTION)
    return Instrument(
        exchange=Exchange(row.exch_seg),
        token=row.token,
        symbol=row.symbol,
        name=name,
        kind=kind,
        lot=lot_of(row.lotsize) if derivative else 1,
        tick=tick_of(row.tick_size),
        expiry=vocabulary.day(row.expiry) if derivative else None,
        strike=strike_of(row.strike) if option else None,
        right=RIGHTS[name[-2:]] if option else None,
        series=series_of(row),
    )


def series_of(row: Scrip) -> str:
    """The series of a share, from its name's end. Empty for whatever else."""
    return row.name.rpartition("-")[2] if row.instrumenttype == "EQ" and row.exch_seg == "NSE" and "-" in row.name else ""


def _kind(row: Scrip) -> InstrumentKind:
    kind = _KINDS.get(row.instrumenttype) or vocabulary.instrument_kind(row.instrumenttype)
    if kind is None:
        raise ValueError("no kind that is traded here")
    return kind


def lot_of(text: str) -> int:
    """The lot as the wire writes it, in shares. ValueError for anything else."""
    number = exact(text)
    if number is None or number < 1 or number != int(number):
        raise ValueError("no lot")
    return int(number)


def tick_of(text: str) -> Decimal:
    """The tick as the wire writes it, in rupees. ValueError for anything else."""
    number = exact(text)
    if number is None or number <= 0:
        raise ValueError("no tick")
    return number


def strike_of(text: str) -> Decimal:
    """The strike as the wire writes it, in rupees. ValueError for anything else."""
    number = exact(text)
    if number is None or number <= 0:
        raise ValueError("no strike")
    return number
