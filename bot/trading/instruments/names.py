"""The names under which the day's instruments are known: symbols, spoken index names, words of companies, and near misses."""

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.market.scrip_columns import Columns
from bot.trading.instruments.aliases import COMPANY_WORDS, INDEX_WORDS
from bot.trading.instruments.fuzzy import FuzzyIndex
from bot.trading.instruments.query import squash

# How likely people mean a name, as a share of one slip of the finger: what has contracts is what most trade.
_WITH_CONTRACTS = 0.6
_NSE_ROLLING = 0.35
_NSE_OTHER = 0.15


class Names:
    """Leads from words to symbols of the master. Knows nothing of strikes and days."""

    def __init__(
        self, columns: Columns, indices: Mapping[str, Instrument], underlyings: Iterable[str], living: frozenset[str]
    ) -> None:
        self.shares: dict[str, list[int]] = {}  # symbol -> rows of the master
        for row, kind in enumerate(columns.kind):
            if kind is InstrumentKind.EQUITY:
                self.shares.setdefault(columns.symbol[row], []).append(row)
        self._columns = columns
        self._indices = indices
        self._living = living
        self._symbols: dict[str, tuple[str, ...]] = {}  # squashed -> as the master writes them
        for symbol in {**self.shares, **indices, **dict.fromkeys(sorted(underlyings))}:
            key = squash(symbol)
            self._symbols[key] = (*self._symbols.get(key, ()), symbol)
        names = list(self._symbols)
        names += [words for words in (*INDEX_WORDS, *COMPANY_WORDS) if words not in self._symbols and self._led_to(words)]
        self._nearness = FuzzyIndex(names, [self._weight(name) for name in names])

    def is_name(self, key: str) -> bool:
        """Whether squashed words are a name in one piece."""
        return key in self._symbols or key in INDEX_WORDS or key in COMPANY_WORDS

    def written(self, text: str) -> list[str]:
        """Symbols written so but for spaces and punctuation, letter for letter first. Index names too, no company words."""
        if text in self.shares and text not in INDEX_WORDS:
            return [text]
        key = squash(text)
        symbols = list(self._symbols.get(key, ()))
        index = INDEX_WORDS.get(key)
        if index is not None and self._exists(index) and index not in symbols:
            symbols.append(index)
        return symbols

    def near(self, key: str, limit: int) -> list[str]:
        """Symbols that squashed words may have meant: those that company words lead to, then mistyped ones by their cost."""
        symbols: dict[str, None] = dict.fromkeys(self._led_to(key))
        for name in self._nearness.nearest(key, limit):
            symbols.update(dict.fromkeys(self._symbols.get(name, ()) or self._led_to(name)))
        return list(symbols)

    def alike(self, key: str, limit: int) -> list[str]:
        """The symbols that squashed words are least unlike, however far they are. Company words lead to none."""
        names = self._nearness.nearest(key, limit, however_far=True)
        return list(dict.fromkeys(symbol for name in names for symbol in self._symbols.get(name, ())))

    def _led_to(self, words: str) -> Sequence[str]:
        symbols = COMPANY_WORDS.get(words) or ((INDEX_WORDS[words],) if words in INDEX_WORDS else ())
        return [symbol for symbol in symbols if self._exists(symbol)]

    def _exists(self, symbol: str) -> bool:
        return squash(symbol) in self._symbols

    def _weight(self, name: str) -> float:
        symbols = self._symbols.get(name) or self._led_to(name)
        if any(symbol in self._living or symbol in self._indices for symbol in symbols):
            return _WITH_CONTRACTS
        rows = [row for symbol in symbols for row in self.shares.get(symbol, ())]
        if any(self._columns.exchange[row] is Exchange.NSE and self._columns.series[row] == "EQ" for row in rows):
            return _NSE_ROLLING
        return _NSE_OTHER if any(self._columns.exchange[row] is Exchange.NSE for row in rows) else 0.0
