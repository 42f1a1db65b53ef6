"""The broker's file of instruments: decoded fast and typed, and checked."""

import csv
import logging
import mmap
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from operator import attrgetter
from pathlib import Path

import msgspec

from bot.broker.scrips.scrip_master import CODED, INDEXES, RIGHTS, Master, Scrip, lot_of, series_of, strike_of, tick_of
from bot.broker.wire import answers, vocabulary
from bot.domain.errors import Unreadable
from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.market.scrip_columns import CodedColumn, GrowingTextColumn

log = logging.getLogger(__name__)

MOST_BROKEN = 0.01  # share of rows that may be unreadable before the whole is
_PORTION = 256 * 1024  # bytes that are decoded at once


_DECODER = msgspec.json.Decoder(list[Scrip])
_CONTRACTS = frozenset({"OPT", "FUT"})  # how the kinds of contracts begin
_ON_WIRE = tuple(field for field in CODED if field in Scrip.__struct_fields__)
_SEGMENTS = frozenset(exchange.value for exchange in Exchange)


class _Rows:
    """Rows on their way into columns, portion by portion: no text of a portion outlives it but those that were new."""

    def __init__(self) -> None:
        self.token, self.name = GrowingTextColumn(), GrowingTextColumn()
        self._codes = {field: array("I") for field in CODED}
        self._numbers = {field: defaultdict[str, int](count().__next__) for field in CODED}

    def __len__(self) -> int:
        return len(self.token)

    def add(self, rows: Sequence[Scrip]) -> None:
        self.token.extend([row.token for row in rows])
        self.name.extend([row.name for row in rows])
        for field, texts in {
            **{field: map(attrgetter(field), rows) for field in _ON_WIRE},
            "right": [row.name[-2:] if row.strike else "" for row in rows],
            "series": map(series_of, rows),
        }.items():
            self._codes[field].extend(map(self._numbers[field].__getitem__, texts))

    def master(self, indexes: Sequence[Instrument]) -> Master:
        """What was added so far, and behind it these indexes."""
        self.add(list(map(_index_row, indexes)))
        coded = {field: CodedColumn(self._codes[field], list(self._numbers[field])) for field in CODED}
        return Master({"token": self.token, "name": self.name}, coded, indexes)

    def tokens(self) -> dict[Exchange, set[str]]:
        """The tokens of each exchange."""
        tokens: dict[Exchange, set[str]] = {exchange: set() for exchange in Exchange}
        add = [tokens[Exchange(segment)].add for segment in self._numbers["exch_seg"]]
        for token, code in zip(self.token, self._codes["exch_seg"], strict=True):
            add[code](token)
        return tokens


def _index_row(one: Instrument) -> Scrip:
    return Scrip(token=one.token, symbol=one.symbol, name=one.name, exch_seg=one.exchange.value, instrumenttype="INDEX")


def _symbol(text: str) -> str:
    if not text.isprintable():
        raise ValueError("no symbol")
    return text


_CHECKS: Mapping[str, Callable[[str], object]] = {
    "symbol": _symbol, "expiry": vocabulary.day, "strike": strike_of, "lotsize": lot_of, "tick_size": tick_of,
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
    return rows.master([one for one in indexes if one.token not in tokens[one.exchange]])


def _traded(rows: Sequence[Scrip]) -> list[Scrip]:
    """The rows of what is traded here, so that every reader means the same.

    Each kind has one spelling. Only contracts have an expiry, and only options a strike.
    """
    kinds = {text: vocabulary.squeezed(text) for text in {row.instrumenttype for row in rows}}
    foreign = {text for text in kinds if vocabulary.instrument_kind(text) is None}
    ours = [row for row in rows if row.exch_seg in _SEGMENTS and row.instrumenttype not in foreign]
    if any(text != spelled for text, spelled in kinds.items()):
        for row in ours:
            row.instrumenttype = kinds[row.instrumenttype]
    for row in ours:
        if (kind := row.instrumenttype[:3]) != "OPT":
            row.strike = ""
            if kind not in _CONTRACTS:
                row.expiry = ""
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
    """The rows without an unreadable field, as far as their kind has use for it.

    It is written out, because it runs for each row.
    """
    symbols, ticks, days, lots, strikes = (broken[name] for name in ("symbol", "tick_size", "expiry", "lotsize", "strike"))
    return [
        row for row in rows
        if row.token.isalnum() and row.name.isprintable() and not symbols[row.symbol] and not ticks[row.tick_size]
        and (
            (kind := row.instrumenttype[:3]) not in _CONTRACTS
            or (
                not days[row.expiry] and not lots[row.lotsize]
                and (kind != "OPT" or (not strikes[row.strike] and row.name[-2:] in RIGHTS))
            )
        )
    ]  # fmt: skip
