"""The scrip master as a file: decoded fast and typed, checked, and made into instruments only when they are looked at."""

import csv
import functools
import logging
import mmap
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import compress, count
from operator import attrgetter
from pathlib import Path
from typing import overload

import msgspec

from bot.broker.wire import answers, vocabulary
from bot.broker.wire.models import exact
from bot.domain.errors import Unreadable
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind, Right
from bot.domain.market.scrip_columns import CodedColumn, Columns, Directory, TextColumn

log = logging.getLogger(__name__)

MOST_BROKEN = 0.01  # share of rows that may be unreadable before the whole is
_PORTION = 1024 * 1024  # bytes that are decoded at once
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


_DECODER = msgspec.json.Decoder(list[Scrip])
_KINDS = {
    "EQ": InstrumentKind.EQUITY, "OPTIDX": InstrumentKind.INDEX_OPTION, "OPTSTK": InstrumentKind.STOCK_OPTION,
    "FUTIDX": InstrumentKind.INDEX_FUTURE, "FUTSTK": InstrumentKind.STOCK_FUTURE, "INDEX": InstrumentKind.INDEX,
}  # fmt: skip


# Read from the name's end: no column says it.
_RIGHTS = {spelled: right for right in Right for spelled in (right.value, right.value.lower(), right.value.capitalize())}
_CONTRACTS = frozenset({"OPT", "FUT"})  # how the kinds of contracts begin
_SEGMENTS = frozenset(exchange.value for exchange in Exchange)
_CODED = ("symbol", "exch_seg", "instrumenttype", "expiry", "strike", "lotsize", "tick_size")  # columns with few distinct texts


class Master(Sequence[Instrument]):
    """All instruments of a day. Rows are kept as columns of texts; an Instrument is made when it is looked at."""

    def __init__(self, rows: "_Rows", indexes: Sequence[Instrument]) -> None:
        """rows: those of the file. indexes: what is in no row of it; they are the last rows here."""
        rows.add(list(map(_index_row, indexes)))
        self._indexes = indexes
        self._token, self._name = rows.token, rows.name
        self._symbol, self._exchange, self._kind = rows.column("symbol"), rows.column("exch_seg"), rows.column("instrumenttype")
        self._expiry, self._strike = rows.column("expiry"), rows.column("strike")
        self._lot, self._tick = rows.column("lotsize"), rows.column("tick_size")

    def __len__(self) -> int:
        return len(self._token)

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
        return self._indexes[from_end] if from_end >= -len(self._indexes) else _instrument(self._row(at))

    def _row(self, at: int) -> Scrip:
        return Scrip(
            token=self._token[at],
            symbol=self._symbol[at],
            name=self._name[at],
            exch_seg=self._exchange[at],
            instrumenttype=self._kind[at],
            expiry=self._expiry[at],
            strike=self._strike[at],
            lotsize=self._lot[at],
            tick_size=self._tick[at],
        )

    def columns(self) -> Columns:
        """The same rows as columns."""
        contracts = {text for text in self._kind.distinct if text.startswith(("OPT", "FUT"))}
        options = {text for text in contracts if text.startswith("OPT")}
        expiries = [text if kind in contracts else "" for kind, text in zip(self._kind, self._expiry, strict=True)]
        strikes = [text if kind in options else "" for kind, text in zip(self._kind, self._strike, strict=True)]
        rights = [name[-2:] if kind in options else "" for kind, name in zip(self._kind, self._name, strict=True)]
        series = list(map(_series, self._exchange, self._kind, self._name))
        return Columns(
            exchange=self._exchange.mapped(Exchange),
            token=self._token,
            symbol=self._symbol,
            name=self._name,
            kind=self._kind.mapped(lambda text: vocabulary.instrument_kind(text) or InstrumentKind.EQUITY),
            expiry=_coded(expiries).mapped(lambda text: vocabulary.day(text) if text else None),
            strike=_coded(strikes).mapped(lambda text: _strike(text) if text else None),
            right=_coded(rights).mapped(_RIGHTS.get),
            series=_coded(series),
        )

    @functools.cached_property
    def _by_token(self) -> Directory:
        """Made when it is first asked: the search has a directory of its own."""
        return Directory(self._token)

    def find(self, key: InstrumentKey) -> Instrument | None:
        """The instrument of a key, made now."""
        for at in self._by_token.rows(key.token):
            if self._exchange[at] == key.exchange:
                return self[at]
        return None


class _Rows:
    """Rows on their way into columns, portion by portion: no text of a portion outlives it but those that were new."""

    def __init__(self) -> None:
        self.token, self.name = TextColumn(), TextColumn()
        self._codes = {field: array("I") for field in _CODED}
        self._numbers = {field: defaultdict[str, int](count().__next__) for field in _CODED}

    def __len__(self) -> int:
        return len(self.token)

    def add(self, rows: Sequence[Scrip]) -> None:
        self.token.extend([row.token for row in rows])
        self.name.extend([row.name for row in rows])
        for field in _CODED:
            self._codes[field].extend(map(self._numbers[field].__getitem__, map(attrgetter(field), rows)))

    def column(self, field: str) -> CodedColumn[str]:
        """What was added so far."""
        return CodedColumn(self._codes[field], list(self._numbers[field]))

    def tokens(self) -> dict[Exchange, set[str]]:
        """The tokens of each exchange."""
        tokens, codes, numbers = list(self.token), self._codes["exch_seg"], self._numbers["exch_seg"]
        return {exchange: set(compress(tokens, map(numbers.get(exchange.value, -1).__eq__, codes))) for exchange in Exchange}


def _coded(texts: Sequence[str]) -> CodedColumn[str]:
    return CodedColumn.of(texts, dict(zip(texts, texts, strict=True)))


def _index_row(one: Instrument) -> Scrip:
    return Scrip(token=one.token, symbol=one.symbol, name=one.name, exch_seg=one.exchange.value, instrumenttype="INDEX")


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
        lot=_lot(row.lotsize) if derivative else 1,
        tick=_tick(row.tick_size),
        expiry=vocabulary.day(row.expiry) if derivative else None,
        strike=_strike(row.strike) if option else None,
        right=_RIGHTS[name[-2:]] if option else None,
        series=_series(row.exch_seg, row.instrumenttype, name),
    )


def _series(exchange: str, kind: str, name: str) -> str:
    return name.rpartition("-")[2] if exchange == "NSE" and kind == "EQ" and "-" in name else ""


def _kind(row: Scrip) -> InstrumentKind:
    kind = _KINDS.get(row.instrumenttype) or vocabulary.instrument_kind(row.instrumenttype)
    if kind is None:
        raise ValueError("no kind that is traded here")
    return kind


def _lot(text: str) -> int:
    number = exact(text)
    if number is None or number < 1 or number != int(number):
        raise ValueError("no lot")
    return int(number)


def _tick(text: str) -> Decimal:
    number = exact(text)
    if number is None or number <= 0:
        raise ValueError("no tick")
    return number


def _strike(text: str) -> Decimal:
    number = exact(text)
    if number is None or number <= 0:
        raise ValueError("no strike")
    return number


def _symbol(text: str) -> str:
    if not text.isprintable():
        raise ValueError("no symbol")
    return text


_CHECKS: Mapping[str, Callable[[str], object]] = {
    "symbol": _symbol, "expiry": vocabulary.day, "strike": _strike, "lotsize": _lot, "tick_size": _tick,
}  # fmt: skip


def read_master(path: Path, indexes: Sequence[Instrument] = INDEXES) -> Master:
    """The master from a file, checked: no doubled key, no more than a few broken rows. Raises Unreadable.

    Plain and slow enough for a worker thread: about 0.4 s for 150,000 rows.
    """
    if not path.stat().st_size:
        raise Unreadable("mStock's scrip master is empty.")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as whole:
        head = whole[:512].lstrip()
        if head[:1] not in (b"[", b"{", b"<") and b"token" in head.lower() and b"," in head:
            return _indexed([_from_csv(path)], indexes)
        try:
            return _indexed(_portions(whole), indexes)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # perhaps a cut fell into a text or a value is no text: the whole has the last word
    body = path.read_bytes()
    try:
        return _indexed([_DECODER.decode(body)], indexes)
    except msgspec.ValidationError:
        return _indexed([_slowly(body)], indexes)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreadable("mStock's scrip master is cut off or is no JSON. Yesterday's stays in use.") from None


def _portions(whole: mmap.mmap) -> Iterator[list[Scrip]]:
    """The rows, some thousand at a time, so that the memory of equal texts that are thrown away is used again for the next.

    The comma between two portions becomes the bracket that closes the one and opens the other: in our copy, not in the file.
    A cut that does not fall between two rows leaves a text open, which is no JSON: nothing is read wrongly.
    """
    opens, size = whole.find(b"["), len(whole)
    if opens < 0 or whole[:opens].strip():
        raise msgspec.DecodeError("no list")
    with memoryview(whole) as view:
        while opens + _PORTION < size:
            cut = whole.rfind(b"},", opens, opens + _PORTION) + 1
            if not cut:
                break
            view[cut] = ord("]")
            with view[opens : cut + 1] as portion:
                yield _DECODER.decode(portion)
            view[cut] = ord("[")
            opens = cut
        with view[opens:] as portion:
            rest = _DECODER.decode(portion)
    if not rest and opens > whole.find(b"["):
        raise msgspec.DecodeError("a comma with nothing behind it")
    yield rest


def _slowly(body: bytes) -> list[Scrip]:
    """Rows with numbers or nulls where strings are the rule: each value as text, what is no row left out."""
    try:
        document = answers.decode(body)
    except ValueError:
        raise Unreadable("mStock's scrip master is no JSON. Yesterday's stays in use.") from None
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        document = document["data"]
    if not isinstance(document, list):
        raise Unreadable("mStock answered with an error instead of the scrip master. Yesterday's stays in use.")
    return [_row(entry) for entry in document if isinstance(entry, dict)]


def _from_csv(path: Path) -> list[Scrip]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        try:
            return [_row({(name or "").strip().lower(): value for name, value in row.items()}) for row in csv.DictReader(file)]
        except csv.Error:
            raise Unreadable("mStock's scrip master is no table. Yesterday's stays in use.") from None


def _row(entry: dict[str, object]) -> Scrip:
    texts = {name: "" if entry.get(name) is None else str(entry[name]).strip() for name in Scrip.__struct_fields__}
    return Scrip(**texts)


def _indexed(portions: Iterable[list[Scrip]], indexes: Sequence[Instrument]) -> Master:
    """Checks that no key comes twice, and each distinct value once instead of once for each row."""
    rows = _Rows()
    broken = {field: _Broken(check) for field, check in _CHECKS.items()}
    others = unsound = 0
    for portion in portions:
        traded = _traded(portion)
        good = _sound(traded, broken)
        others += len(portion) - len(traded)
        unsound += len(traded) - len(good)
        rows.add(good)
    if not rows or unsound > len(rows) * MOST_BROKEN:
        raise Unreadable("mStock's scrip master cannot be read. Yesterday's stays in use.")
    if unsound or others:
        log.info("scrip master: %d rows of other segments or kinds, %d unreadable", others, unsound)
    tokens = rows.tokens()
    if sum(map(len, tokens.values())) != len(rows):
        raise Unreadable("mStock's scrip master names one token twice. Yesterday's stays in use.")
    return Master(rows, [one for one in indexes if one.token not in tokens[one.exchange]])


def _traded(rows: Sequence[Scrip]) -> list[Scrip]:
    """The rows of what is traded here, each kind in one spelling, so that every reader means the same."""
    kinds = {text: vocabulary.squeezed(text) for text in {row.instrumenttype for row in rows}}
    foreign = {text for text in kinds if vocabulary.instrument_kind(text) is None}
    ours = [row for row in rows if row.exch_seg in _SEGMENTS and row.instrumenttype not in foreign]
    if any(text != spelled for text, spelled in kinds.items()):
        for row in ours:
            row.instrumenttype = kinds[row.instrumenttype]
    return ours


class _Broken(dict[str, bool]):
    """Whether a text cannot be read, found out once for each."""

    def __init__(self, check: Callable[[str], object]) -> None:
        self._check = check

    def __missing__(self, text: str) -> bool:
        try:
            self._check(text)
        except ValueError:
            self[text] = True
        else:
            self[text] = False
        return self[text]


def _sound(rows: Sequence[Scrip], broken: Mapping[str, _Broken]) -> list[Scrip]:
    """The rows without an unreadable field, as far as their kind has use for it; written out, because it runs for each row."""
    symbols, ticks, days, lots, strikes = (broken[name] for name in ("symbol", "tick_size", "expiry", "lotsize", "strike"))
    return [
        row for row in rows
        if row.token.isalnum() and row.name.isprintable() and not symbols[row.symbol] and not ticks[row.tick_size]
        and (
            (kind := row.instrumenttype[:3]) not in _CONTRACTS
            or (
                not days[row.expiry] and not lots[row.lotsize]
                and (kind != "OPT" or (not strikes[row.strike] and row.name[-2:] in _RIGHTS))
            )
        )
    ]  # fmt: skip
