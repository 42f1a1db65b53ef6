"""Finds the instrument that a person's words mean: one where they leave nothing to guess, else a few to choose from."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from bot.domain.market import display_names
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind, Right
from bot.domain.market.scrip_columns import Columnar, Columns, Directory, columns_of
from bot.domain.value import positional, value
from bot.trading.instruments.aliases import ELSEWHERE
from bot.trading.instruments.contracts import Contracts
from bot.trading.instruments.names import Names
from bot.trading.instruments.query import ContractQuery, Token, asks_of, squash, tidy, tokens_of

MOST = 8  # buttons under one question

# Among the rows of one share: the rolling segment before trade-for-trade before the small-company boards. Other series
# (bonds, rights, preference shares) are never meant by the bare symbol when one of these is there.
_SERIES = {"EQ": 0, "BE": 1, "BZ": 2, "SM": 3, "ST": 4}
_OTHER_SERIES = 5
_CASH = (Exchange.NSE, Exchange.BSE)


@value
class Found:
    """What words mean: exactly one instrument, or near ones to be shown as buttons, best first, with the reason."""

    instrument: Instrument | None = None
    near: tuple[Instrument, ...] = ()
    say: str = ""  # why there is no single one
    exact: bool = False  # the words fit more than one of the near ones as they stand; otherwise those are guesses


@value
class OptionChain:
    """All options on one underlying with one expiry, by strike and right."""

    symbol: str
    market: Exchange  # NFO or BFO
    expiry: date | None  # None: the one that was said is none
    expiries: tuple[date, ...]  # of its options, from today on, the nearest first
    monthly: bool
    underlying: Instrument | None
    options: Mapping[tuple[Decimal, Right], Instrument]


@positional
class _Reading:
    symbol: str
    ask: ContractQuery


class Instruments:
    """The scrip master of one day, asked by key, by name or by words.

    `rows` may be lazy (scrip_columns.Columnar). `indices` are quotable but in no master. `day` is the IST date of the master.
    Contracts whose expiry lies before the `today` of a question are never found. What words are looked up in is made by
    index(), or when it is first asked.
    """

    def __init__(self, rows: Sequence[Instrument], indices: Iterable[Instrument] = (), *, day: date) -> None:
        self.day = day
        self._rows = rows
        self._find = rows.find if isinstance(rows, Columnar) else self._sought
        self._rows_named = rows.rows_named if isinstance(rows, Columnar) else self._sought_named
        self._apart = {index.symbol: index for index in indices}

    def index(self) -> None:
        """Makes all that questions need. Pure work of half a second for 150,000 rows, for a worker thread."""
        self._names, self._contracts  # noqa: B018

    @cached_property
    def _columns(self) -> Columns:
        return columns_of(self._rows)

    @cached_property
    def _contracts(self) -> Contracts:
        return Contracts(self._columns)

    @cached_property
    def _indices(self) -> Mapping[str, Instrument]:
        indices = dict(self._apart)
        for row, kind in enumerate(self._columns.kind):
            if kind is InstrumentKind.INDEX:  # some come with the master
                indices.setdefault(self._columns.symbol[row], self._rows[row])
        return indices

    @cached_property
    def _by_token(self) -> Directory:
        return Directory(self._columns.token)

    @cached_property
    def _by_name(self) -> Directory:
        return Directory(self._columns.name)

    @cached_property
    def _names(self) -> Names:
        return Names(self._columns, self._indices, self._contracts.underlyings(), self._contracts.living(self.day))

    def __len__(self) -> int:
        return len(self._rows)

    def by_key(self, key: InstrumentKey) -> Instrument | None:
        """The row or index with that exchange and token, expired or not."""
        return self._find(key) or next((index for index in self._apart.values() if index.key == key), None)

    def _sought(self, key: InstrumentKey) -> Instrument | None:
        rows = (self._rows[row] for row in self._by_token.rows(key.token) if self._columns.exchange[row] == key.exchange)
        return next(rows, None)

    def _sought_named(self, name: str) -> Sequence[int]:
        return self._by_name.rows(name)

    def named(self, exchange: Exchange, name: str) -> Instrument | None:
        """The row with exactly that trading symbol."""
        for row in self._rows_named(name):
            if self._columns.exchange[row] == exchange:
                return self._rows[row]
        return None

    def is_monthly(self, instrument: Instrument) -> bool | None:
        """Whether it expires last of its month among the contracts on its underlying. None for what does not expire."""
        if instrument.expiry is None:
            return None
        return self._contracts.is_monthly(instrument.exchange, instrument.symbol, instrument.expiry)

    def title(self, instrument: Instrument, today: date | None = None) -> str:
        """Whole, as cards show it: `NIFTY 24500 CE · 23 Nov (Mon, monthly)`."""
        return display_names.title(instrument, monthly=self.is_monthly(instrument), today=today)

    def expiries(self, symbol: str, *, today: date, exchange: Exchange | None = None) -> tuple[date, ...]:
        """When contracts on that underlying expire, from today on, in the market where they are traded (NSE's first)."""
        markets = self._contracts.markets(symbol, exchange, today)
        return tuple(self._contracts.expiries(markets[0], symbol, today)) if markets else ()

    def has_derivatives(self, symbol: str) -> bool:
        """Whether living contracts on it are in the master: shares with F&O take part in the closing auction."""
        return bool(self._contracts.markets(symbol, None, self.day))

    def find(self, words: str, *, exchange: Exchange | None = None, today: date, tradable: bool = False) -> Found:
        """The one instrument that the words name, or near ones. Never guesses: what was mistyped is only ever near.

        Without a day the nearest expiry is meant, but on that contract's last day today's and the next are both near.
        Without an exchange NSE goes before BSE, without a series EQ before BE. With `tradable` an index is near with its
        contracts, not found.
        """
        text = tidy(words)
        answer = self.read(words, exchange=exchange, today=today)
        if answer.instrument is not None and tradable and not answer.instrument.is_tradable:
            symbol = answer.instrument.symbol
            near = self._near_contracts(symbol, ContractQuery(future=True), exchange, today)
            return Found(near=near, say=not_ordered(answer.instrument, near))
        if answer.instrument is None and not answer.near:
            guessed = self._mistyped(text, exchange, today)
            return Found(near=guessed.near, say=answer.say or guessed.say)
        return answer

    def read(self, words: str, *, exchange: Exchange | None = None, today: date) -> Found:
        """What the words name as they stand, indices included, or contracts near to it. No typing mistake is mended."""
        text = tidy(words)
        by_name = self._by_trading_symbol(text, exchange, today)
        if by_name is not None:
            return Found(instrument=by_name)
        readings = self._readings(text, today)
        return self._settle(readings, exchange, today) if readings else Found()

    def around(self, symbol: str, strike: Decimal | None, *, today: date) -> tuple[Instrument, ...]:
        """CE and PE of the nearest expiry whose strike is closest (None: the middle one), then the nearest future."""
        markets = self._contracts.markets(symbol, None, today)
        if not markets:
            return ()
        options = self._contracts.pair(markets[0], symbol, strike, today)
        futures = self._near_contracts(symbol, ContractQuery(future=True), None, today)[:1]
        return (*(self._rows[row] for row in options), *futures)

    def chain(self, words: str, *, today: date) -> OptionChain | None:
        """The options on the underlying that the words name, of the expiry among them, else of the nearest.

        None: they name no underlying of options, or one contract. An expiry that there is not gives a chain without rows.
        """
        unnamed: OptionChain | None = None
        for reading in self._readings(tidy(words), today):
            symbol, ask = reading.symbol, reading.ask
            markets = self._contracts.markets(symbol, ask.exchange, today)
            days = self._contracts.option_days(markets[0], symbol, today) if markets else []
            if not days or ask.strike is not None or ask.right is not None or ask.future:
                continue
            day = self._contracts.option_day(markets[0], symbol, ask, today)
            rows = self._contracts.chain(markets[0], symbol, day).options if day is not None else {}
            found = OptionChain(
                symbol=symbol,
                market=markets[0],
                expiry=day,
                expiries=tuple(days),
                monthly=day is not None and self._contracts.is_monthly(markets[0], symbol, day),
                underlying=next(iter(self._cash(symbol, None, "")), None),
                options={place: self._rows[numbers[0]] for place, numbers in rows.items()},
            )
            if day is not None:
                return found
            unnamed = unnamed or found
        return unnamed

    def alike(self, words: str, *, limit: int, today: date) -> tuple[Instrument, ...]:
        """What looks like the words, where nothing is near enough to be meant: for those who only look."""
        symbols = self._names.alike(squash(tidy(words)), limit)
        return tuple(sample for symbol in symbols for sample in self._samples(symbol, None, today)[:1])[:limit]

    def search(self, words: str, *, limit: int = MOST, today: date, exchange: Exchange | None = None) -> tuple[Instrument, ...]:
        """What the words may mean, likeliest first: the reading itself, then near ones.

        Shares stand before contracts unless asked.
        """
        text = tidy(words)
        first = self.find(text, exchange=exchange, today=today)
        results = [first.instrument] if first.instrument is not None else []
        results += first.near
        if first.instrument is not None and not first.instrument.is_derivative:
            for symbol in self._names.near(squash(text), limit):
                results += self._samples(symbol, exchange, today)
        return tuple({instrument.key: instrument for instrument in results}.values())[:limit]

    # -- what the words say

    def _by_trading_symbol(self, text: str, exchange: Exchange | None, today: date) -> Instrument | None:
        """An order's own spelling, `RELIANCE-EQ` or `NIFTY26N2324500CE`, stands above every other reading."""
        for row in self._rows_named(text):
            expiry = self._columns.expiry[row]
            # A name that is only the symbol (the BSE writes them so) is a word like any other: NSE goes first there.
            if self._columns.symbol[row] == text or (expiry is not None and expiry < today):
                continue
            if exchange in (None, *_both(self._columns.exchange[row])):
                return self._rows[row]
        return None

    def _readings(self, text: str, today: date) -> list[_Reading]:
        """Every way to split the words into a name that exists and words about it. Complete ones push out the others."""
        whole = self._names.written(text)
        if whole:
            return [_Reading(symbol, ContractQuery()) for symbol in whole]
        tokens = tokens_of(text, self._names.is_name)
        readings: list[_Reading] = []
        for start in range(len(tokens)):
            for end in range(start + 1, len(tokens) + 1):
                symbols = self._names.written("".join(token.text for token in tokens[start:end]))
                if symbols:
                    asks = asks_of([*tokens[:start], *tokens[end:]], today)
                    readings += [_Reading(symbol, ask) for symbol in symbols for ask in asks]
        readings = list(dict.fromkeys(readings))
        return [reading for reading in readings if reading.ask.is_complete] or readings

    # -- what a reading means

    def _settle(self, readings: Sequence[_Reading], exchange: Exchange | None, today: date) -> Found:
        exact: list[Instrument] = []
        sure = True
        for reading in readings:
            rows = self._exact(reading, exchange, today) if reading.ask.is_complete else []
            when = reading.ask.when
            if not rows and when is not None and when.year is not None and when.day is None:
                continue  # `dec 29` is a day, where no contract ends in December 2029
            sure = sure and len(rows) == 1
            exact += rows
        distinct = tuple({instrument.key: instrument for instrument in exact}.values())
        if sure and len(distinct) == 1:
            return Found(instrument=distinct[0])
        near = list(distinct)
        if len(distinct) < 2:
            near += [instrument for reading in readings for instrument in self._near(reading, exchange, today)]
        say = self._why(readings, exact, exchange, today)
        return Found(near=tuple({instrument.key: instrument for instrument in near}.values())[:MOST], say=say, exact=bool(exact))

    def _exact(self, reading: _Reading, exchange: Exchange | None, today: date) -> list[Instrument]:
        symbol, ask = reading.symbol, reading.ask
        if _contradict(exchange, ask.exchange):
            return []
        where = _agreed(exchange, ask.exchange)
        if ask.is_cash and where not in (Exchange.NFO, Exchange.BFO):
            return self._cash(symbol, where, ask.series)
        if ask.is_cash:
            return []
        markets = self._contracts.markets(symbol, where, today)
        rows = self._contracts.exact(markets[0], symbol, ask, today) if markets else []
        return [self._rows[row] for row in rows]

    def _cash(self, symbol: str, exchange: Exchange | None, series: str) -> list[Instrument]:
        """The rows that the bare symbol means: one, unless only odd series of it exist."""
        index = self._indices.get(symbol)
        if index is not None and exchange in (None, index.exchange) and not series:
            return [index]
        for market in _CASH if exchange is None else (exchange,):
            ranked: dict[int, list[int]] = {}
            for row in self._names.shares.get(symbol, ()):
                its_series = self._columns.series[row]
                if self._columns.exchange[row] == market and series in ("", its_series):
                    ranked.setdefault(_SERIES.get(its_series or "EQ", _OTHER_SERIES), []).append(row)
            if ranked:
                return [self._rows[row] for row in ranked[min(ranked)]]
        return []

    def _near(self, reading: _Reading, exchange: Exchange | None, today: date) -> list[Instrument]:
        where = _agreed(exchange, reading.ask.exchange)
        if reading.ask.is_cash:
            return self._samples(reading.symbol, where, today) or self._samples(reading.symbol, None, today)
        near = self._near_contracts(reading.symbol, reading.ask, where, today)
        return list(near or self._near_contracts(reading.symbol, reading.ask, None, today))

    def _near_contracts(self, symbol: str, ask: ContractQuery, exchange: Exchange | None, today: date) -> tuple[Instrument, ...]:
        markets = self._contracts.markets(symbol, exchange, today)
        rows = self._contracts.near(markets[0], symbol, ask, today, MOST) if markets else []
        return tuple(self._rows[row] for row in rows)

    def _samples(self, symbol: str, exchange: Exchange | None, today: date) -> list[Instrument]:
        """How one name is shown among others: the share or index, and its nearest future. It is BSE's where NSE has none."""
        if exchange in (Exchange.NFO, Exchange.BFO):
            return list(self._near_contracts(symbol, ContractQuery(future=True), exchange, today)[:3])
        samples = self._cash(symbol, exchange, "")[:MOST]
        return samples + list(self._near_contracts(symbol, ContractQuery(future=True), exchange, today)[:1])

    def _why(self, readings: Sequence[_Reading], exact: Sequence[Instrument], exchange: Exchange | None, today: date) -> str:
        symbol, ask = readings[0].symbol, readings[0].ask
        if exact:
            return "These words can be read in more than one way."
        where = _agreed(exchange, ask.exchange)
        if _contradict(exchange, ask.exchange) or ask.is_cash:
            return f"{symbol} is not on {exchange or ask.exchange or 'NSE or BSE'}."
        if not self._contracts.markets(symbol, where, today):
            return f"{symbol} has no futures or options{f' on {where}' if where else ''}."
        if not ask.is_complete:
            return f"{symbol}: an option needs its strike and CE or PE."
        what = "future" if ask.future else f"{display_names.strike_words(ask.strike)} {ask.right}"
        return f"{symbol} has no {what} {'on that day' if ask.when else 'in the nearest expiry'}."

    # -- what was mistyped

    def _mistyped(self, text: str, exchange: Exchange | None, today: date) -> Found:
        near: list[Instrument] = []
        tokens = tokens_of(text, self._names.is_name)
        elsewhere = next((ELSEWHERE[token.text] for token in tokens if token.text in ELSEWHERE), None)
        say = elsewhere or f"No “{text}” on {exchange or 'NSE or BSE'}."
        for name, asks in self._loose(tokens, today):
            symbols = self._names.near(squash(name), MOST)
            for symbol in symbols[:3] if asks else symbols:
                contracts = [instrument for ask in asks for instrument in self._near_contracts(symbol, ask, exchange, today)]
                near += contracts if asks and not asks[0].is_cash else self._samples(symbol, exchange, today)
        if not near:  # a name among words that nobody knows
            for symbol in (symbol for token in tokens for symbol in self._names.written(token.text)):
                near += self._samples(symbol, exchange, today)
        return Found(near=tuple({instrument.key: instrument for instrument in near}.values())[:MOST], say=say)

    def _loose(self, tokens: Sequence[Token], today: date) -> Iterable[tuple[str, list[ContractQuery]]]:
        """The shortest run of tokens that leaves only words about it is the mistyped name. Else all of them are."""
        spans = sorted((end - start, start) for start in range(len(tokens)) for end in range(start + 1, len(tokens) + 1))
        for length, start in spans:
            rest = [*tokens[:start], *tokens[start + length :]]
            if rest and (asks := asks_of(rest, today)):
                yield "".join(token.text for token in tokens[start : start + length]), asks
                return
        yield "".join(token.text for token in tokens), []


def not_ordered(index: Instrument, contracts: Sequence[Instrument]) -> str:
    """Why an index cannot be ordered, and what can."""
    if not contracts:
        return f"{index.symbol} is an index, and no contract on it is traded."
    return f"{index.symbol} is an index: its contracts can be ordered."


def _both(exchange: Exchange) -> tuple[Exchange, ...]:
    """An exchange and the cash exchange that people say for it."""
    cash = {Exchange.NFO: Exchange.NSE, Exchange.BFO: Exchange.BSE}.get(exchange)
    return (exchange, cash) if cash else (exchange,)


def _contradict(given: Exchange | None, said: Exchange | None) -> bool:
    return given is not None and said is not None and not set(_both(given)) & set(_both(said))


def _agreed(given: Exchange | None, said: Exchange | None) -> Exchange | None:
    """The order's own word for the exchange and the one among the words for the instrument. Of NSE and NFO it is the narrower."""
    words = [exchange for exchange in (given, said) if exchange is not None]
    return max(words, key=lambda exchange: exchange not in _CASH, default=None)
