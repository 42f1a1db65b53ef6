"""The scrip master as a file: decoded fast and typed, checked, and made into instruments only when they are looked at."""

import csv
import functools
import itertools
import logging
import mmap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import overload

import msgspec

from bot.broker.wire import answers, vocabulary
from bot.broker.wire.models import exact
from bot.domain.errors import Unreadable
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind, Right
from bot.domain.market.scrip_columns import CodedColumn, Columns, Directory

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
_EXCHANGES = {exchange.value: exchange for exchange in Exchange}


class Master(Sequence[Instrument]):
    """All instruments of a day. Rows stay as they came; an Instrument is made when it is looked at."""

    def __init__(self, rows: list[Scrip], indexes: Sequence[Instrument]) -> None:
        self._rows = rows
        self._indexes = indexes  # those that are in no row

    def __len__(self) -> int:
        return len(self._rows) + len(self._indexes)

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
        return _instrument(self._rows[at]) if at < len(self._rows) else self._indexes[at - len(self._rows)]

    def __iter__(self) -> Iterator[Instrument]:
        for row in self._rows:
            yield _instrument(row)
        yield from self._indexes

    def columns(self) -> Columns:
        """The same rows as columns."""
        rows, indexes = self._rows, self._indexes
        kinds = {text: vocabulary.instrument_kind(text) or InstrumentKind.EQUITY for text in {row.instrumenttype for row in rows}}
        contracts = {text for text in kinds if text.startswith(("OPT", "FUT"))}
        options = {text for text in contracts if text.startswith("OPT")}
        days = {text: vocabulary.day(text) for text in {row.expiry for row in rows if row.instrumenttype in contracts}}
        strikes = {text: _strike(text) for text in {row.strike for row in rows if row.instrumenttype in options}}
        symbols = {text: text for text in [*(row.symbol for row in rows), *(one.symbol for one in indexes)]}
        series = {text: text for text in ["", *(_series(row) for row in rows)]}
        none = [""] * len(indexes)
        return Columns(
            exchange=CodedColumn([row.exch_seg for row in rows] + [one.exchange.value for one in indexes], _EXCHANGES),
            token=[row.token for row in rows] + [one.token for one in indexes],
            symbol=CodedColumn([row.symbol for row in rows] + [one.symbol for one in indexes], symbols),
            name=[row.name for row in rows] + [one.name for one in indexes],
            kind=CodedColumn(
                [row.instrumenttype for row in rows] + ["INDEX" for _ in indexes], {"INDEX": InstrumentKind.INDEX, **kinds}
            ),
            expiry=CodedColumn(
                [row.expiry if row.instrumenttype in contracts else "" for row in rows] + none, {"": None, **days}
            ),
            strike=CodedColumn(
                [row.strike if row.instrumenttype in options else "" for row in rows] + none, {"": None, **strikes}
            ),
            right=CodedColumn(
                [row.name[-2:] if row.instrumenttype in options else "" for row in rows] + none, {"": None, **_RIGHTS}
            ),
            series=CodedColumn([_series(row) for row in rows] + none, series),
        )

    @functools.cached_property
    def _by_token(self) -> Directory:
        """Made when it is first asked: the search has a directory of its own."""
        return Directory([row.token for row in self._rows])

    def find(self, key: InstrumentKey) -> Instrument | None:
        """The instrument of a key, made now."""
        for at in self._by_token.rows(key.token):
            if self._rows[at].exch_seg == key.exchange:
                return _instrument(self._rows[at])
        return next((one for one in self._indexes if one.key == key), None)


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
        series=_series(row),
    )


def _series(row: Scrip) -> str:
    return row.name.rpartition("-")[2] if row.exch_seg == "NSE" and row.instrumenttype == "EQ" and "-" in row.name else ""


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
    """Checks that no key comes twice, shares equal strings, and checks each distinct value once instead of once for each row."""
    shared: tuple[dict[str, str], ...] = ({}, {}, {}, {}, {}, {})
    symbols, expiries, strikes, lots, ticks, kinds = (texts.setdefault for texts in shared)
    segments: dict[str, tuple[str, set[str]]] = {exchange.value: (exchange.value, set()) for exchange in Exchange}
    others = 0
    rows: list[Scrip] = []
    add = rows.append
    for row in itertools.chain.from_iterable(portions):
        segment = segments.get(row.exch_seg)
        if segment is None:
            others += 1
            continue
        row.exch_seg, tokens = segment
        row.symbol = symbols(row.symbol, row.symbol)
        row.expiry = expiries(row.expiry, row.expiry)
        row.strike = strikes(row.strike, row.strike)
        row.lotsize = lots(row.lotsize, row.lotsize)
        row.tick_size = ticks(row.tick_size, row.tick_size)
        row.instrumenttype = kinds(row.instrumenttype, row.instrumenttype)
        tokens.add(row.token)
        add(row)
    names, days, strike_texts, lot_texts, tick_texts, kind_texts = shared
    spelled_oddly = {text: vocabulary.squeezed(text) for text in kind_texts if text != vocabulary.squeezed(text)}
    if spelled_oddly:  # one spelling from here on, so that every reader below means the same kind
        for row in rows:
            row.instrumenttype = spelled_oddly.get(row.instrumenttype, row.instrumenttype)
        kind_texts = {row.instrumenttype: row.instrumenttype for row in rows}
    foreign = {text for text in kind_texts if vocabulary.instrument_kind(text) is None}
    broken = {
        "symbol": {text for text in names if not text.isprintable()},
        "expiry": _bad(days, vocabulary.day),
        "strike": _bad(strike_texts, _strike),
        "lot": _bad(lot_texts, _lot),
        "tick": _bad(tick_texts, _tick),
    }
    ours = [row for row in rows if row.instrumenttype not in foreign] if foreign else rows
    good = _sound(ours, broken)
    unsound = len(ours) - len(good)
    if not good or unsound > len(good) * MOST_BROKEN:
        raise Unreadable("mStock's scrip master cannot be read. Yesterday's stays in use.")
    if unsound or others or foreign:
        log.info("scrip master: %d rows of other segments or kinds, %d unreadable", others + len(rows) - len(good), unsound)
    if len(good) != len(rows):
        for _, tokens in segments.values():
            tokens.clear()
        for row in good:
            segments[row.exch_seg][1].add(row.token)
    if sum(len(tokens) for _, tokens in segments.values()) != len(good):
        raise Unreadable("mStock's scrip master names one token twice. Yesterday's stays in use.")
    return Master(good, [one for one in indexes if one.token not in segments[one.exchange.value][1]])


def _bad(texts: dict[str, str], check: Callable[[str], object]) -> set[str]:
    bad = set()
    for text in texts:
        try:
            check(text)
        except ValueError:
            bad.add(text)
    return bad


def _sound(rows: Sequence[Scrip], broken: Mapping[str, set[str]]) -> list[Scrip]:
    """The rows without an unreadable field, as far as their kind has use for it; written out, because it runs for each row."""
    symbols, ticks, days, lots, strikes = (broken[name] for name in ("symbol", "tick", "expiry", "lot", "strike"))
    return [
        row for row in rows
        if row.token.isalnum() and row.name.isprintable() and row.symbol not in symbols and row.tick_size not in ticks
        and (
            (kind := row.instrumenttype[:3]) not in _CONTRACTS
            or (
                row.expiry not in days and row.lotsize not in lots
                and (kind != "OPT" or (row.strike not in strikes and row.name[-2:] in _RIGHTS))
            )
        )
    ]  # fmt: skip
