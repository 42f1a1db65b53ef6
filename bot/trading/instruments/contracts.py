"""Futures and options of the day by exchange, underlying and expiry.

A chain is worked out when somebody asks for it.
"""

from array import array
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from bot.domain.market.expiries import Cycle
from bot.domain.market.instrument import Exchange, Right
from bot.domain.market.scrip_columns import Columns
from bot.trading.instruments.query import ContractQuery, When

_Book = dict[date, "array[int]"]  # expiry -> row numbers of the master


class ExpiryRows:
    """All contracts of one underlying with one expiry, as row numbers of the master."""

    def __init__(self, rows: Iterable[int], columns: Columns) -> None:
        self.futures: list[int] = []
        self.options: dict[tuple[Decimal, Right], list[int]] = {}
        for row in rows:
            strike, right = columns.strike[row], columns.right[row]
            if strike is None or right is None:
                self.futures.append(row)
            else:
                self.options.setdefault((strike, right), []).append(row)

    def strikes_near(self, strike: Decimal, right: Right) -> list[Decimal]:
        """Strikes that have that right, the nearest first."""
        strikes = (candidate for candidate, its_right in self.options if its_right is right)
        return sorted(strikes, key=lambda candidate: (abs(candidate - strike), candidate))

    def middle(self) -> Decimal | None:
        """The strike in the middle: without a price at hand, the best word for "near the money"."""
        strikes = sorted({strike for strike, _ in self.options})
        return strikes[len(strikes) // 2] if strikes else None


class Contracts:
    """Every derivative row of the master, ready to be asked by what people say."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._books: dict[Exchange, dict[str, _Book]] = {Exchange.NFO: {}, Exchange.BFO: {}}
        self._futures: dict[tuple[Exchange, str, date], list[int]] = {}
        nfo, bfo = Exchange.NFO, Exchange.BFO
        of_nfo, of_bfo = self._books[nfo], self._books[bfo]  # not looked up for each row: an enum hashes slowly
        last_symbol, last_market = "", nfo
        book: _Book = {}
        for row, (expiry, market, symbol, strike) in enumerate(
            zip(columns.expiry, columns.exchange, columns.symbol, columns.strike, strict=True)
        ):
            if expiry is None or (market is not nfo and market is not bfo):
                continue
            if symbol is not last_symbol or market is not last_market:
                book = (of_nfo if market is nfo else of_bfo).setdefault(symbol, {})
                last_symbol, last_market = symbol, market
            rows = book.get(expiry)
            if rows is None:
                rows = book[expiry] = array("I")
            rows.append(row)
            if strike is None:
                self._futures.setdefault((market, symbol, expiry), []).append(row)

    def underlyings(self) -> set[str]:
        """The symbols that have contracts, expired ones included."""
        return {symbol for books in self._books.values() for symbol in books}

    def living(self, today: date) -> frozenset[str]:
        """The symbols of which some contract has not expired."""
        return frozenset(symbol for books in self._books.values() for symbol, book in books.items() if max(book) >= today)

    def markets(self, symbol: str, exchange: Exchange | None, today: date) -> list[Exchange]:
        """Where living contracts on it are traded, NSE's first. A cash exchange stands for its derivatives segment."""
        wanted = {Exchange.NSE: Exchange.NFO, Exchange.BSE: Exchange.BFO}.get(exchange, exchange) if exchange else None
        return [
            market for market in (Exchange.NFO, Exchange.BFO) if wanted in (None, market) and self.expiries(market, symbol, today)
        ]

    def expiries(self, market: Exchange, symbol: str, today: date) -> list[date]:
        """Expiries from today on, the nearest first."""
        return sorted(day for day in self._books[market].get(symbol, ()) if day >= today)

    def is_monthly(self, market: Exchange, symbol: str, expiry: date) -> bool:
        """Whether it is the last expiry of its month for that underlying in the master."""
        book = self._books.get(market, {}).get(symbol, {})
        return expiry in book and not any(expiry < day and (day.year, day.month) == (expiry.year, expiry.month) for day in book)

    def chain(self, market: Exchange, symbol: str, expiry: date) -> ExpiryRows:
        """The contracts of that expiry. An empty chain where there are none."""
        return ExpiryRows(self._books[market].get(symbol, {}).get(expiry, ()), self._columns)

    def option_days(self, market: Exchange, symbol: str, today: date) -> list[date]:
        """Expiries from today on that have options, the nearest first."""
        return [day for day in self.expiries(market, symbol, today) if self.chain(market, symbol, day).options]

    def option_day(self, market: Exchange, symbol: str, ask: ContractQuery, today: date) -> date | None:
        """The nearest of these that an ask names. None: it names none of them."""
        days = self.option_days(market, symbol, today)
        if ask.when is None:
            return days[0] if days else None
        named = set(self._days_named(market, symbol, ask, today))
        return next((day for day in days if day in named), None)

    def exact(self, market: Exchange, symbol: str, ask: ContractQuery, today: date) -> list[int]:
        """Rows that a complete ask names. More than one is more than one reading, none means that there is no such contract."""
        days = self._days_named(market, symbol, ask, today)
        if ask.future:
            return [row for day in days for row in self._futures.get((market, symbol, day), ())]
        if ask.strike is None or ask.right is None:
            return []
        wanted = (ask.strike, ask.right)
        return [row for day in days for row in self.chain(market, symbol, day).options.get(wanted, ())]

    def near(self, market: Exchange, symbol: str, ask: ContractQuery, today: date, limit: int) -> list[int]:
        """Rows to offer where an ask names none or more than one: what was said first, then what is closest to it."""
        days = self._days_near(market, symbol, ask, today)
        rows: list[int] = []
        for place, day in enumerate(days):
            if ask.future or not (ask.right or ask.strike is not None):
                rows += self._futures.get((market, symbol, day), ())
            if not ask.future:
                # The first expiry shows neighbouring strikes where it lacks the one that was said, further ones only that one.
                chain = self.chain(market, symbol, day)
                there = ask.strike is not None and ask.right is not None and (ask.strike, ask.right) in chain.options
                rows += _options_near(chain, ask, each_side=3 if place == 0 and not there else 1)
        return list(dict.fromkeys(rows))[:limit]

    def pair(self, market: Exchange, symbol: str, strike: Decimal | None, today: date) -> list[int]:
        """CE and PE of the nearest expiry that has options, at the strike in rupees closest to that one. None: the middle."""
        for day in self.expiries(market, symbol, today):
            if rows := _options_near(self.chain(market, symbol, day), ContractQuery(strike=strike), each_side=1):
                return rows
        return []

    def _days_named(self, market: Exchange, symbol: str, ask: ContractQuery, today: date) -> list[date]:
        days = [day for day in self.expiries(market, symbol, today) if not ask.future or self.chain(market, symbol, day).futures]
        when = ask.when
        if when is None:
            # No day said means the nearest expiry, except on that expiry's own last day: then it is as likely the next one.
            return days[:2] if days[:1] == [today] else days[:1]
        if when.today:
            return [day for day in days if day == today]
        if when.cycle is not None and when.month is None:
            return self._days_of_cycle(market, symbol, days, when.cycle)
        return [day for day in days if self._is_named(market, symbol, day, when, today)]

    def _days_of_cycle(self, market: Exchange, symbol: str, days: Sequence[date], cycle: Cycle) -> list[date]:
        monthly = [day for day in days if self.is_monthly(market, symbol, day)]
        if cycle is Cycle.MONTHLY:
            return monthly[:1]
        # In the last week of a month the weekly contract is the monthly one, so "weekly" has two readings.
        return list(days[: 2 if days[:1] == monthly[:1] else 1])

    def _is_named(self, market: Exchange, symbol: str, day: date, when: When, today: date) -> bool:
        if when.month != day.month or (when.day is not None and when.day != day.day):
            return False
        if when.cycle is not None and (when.cycle is Cycle.MONTHLY) != self.is_monthly(market, symbol, day):
            return False
        return day.year == (when.year or _coming_year(when, today))

    def _days_near(self, market: Exchange, symbol: str, ask: ContractQuery, today: date) -> list[date]:
        named = self._days_named(market, symbol, ask, today)
        days = self.expiries(market, symbol, today)
        when = ask.when
        if named or when is None or when.month is None:
            return named + [day for day in days if day not in named][: max(0, 3 - len(named))]
        wanted = _nearest_day(when, today)
        return sorted(days, key=lambda day: abs((day - wanted).days))[:3]


def _coming_year(when: When, today: date) -> int:
    """The year of the next such day or month."""
    month = when.month or today.month
    passed = (month, when.day) < (today.month, today.day) if when.day is not None else month < today.month
    return today.year + passed


def _nearest_day(when: When, today: date) -> date:
    """The day that was said, or the nearest that exists to it, in the closest year. A month said alone means its end."""
    month = when.month or today.month
    years = (when.year,) if when.year else (today.year - 1, today.year, today.year + 1)
    said = [date(year, month, min(when.day or 31, monthrange(year, month)[1])) for year in years]
    return min(said, key=lambda day: abs((day - today).days))


def _options_near(chain: ExpiryRows, ask: ContractQuery, *, each_side: int) -> list[int]:
    strike = ask.strike if ask.strike is not None else chain.middle()
    if strike is None:
        return []
    rows: list[int] = []
    for right in (ask.right,) if ask.right else (Right.CE, Right.PE):
        for near in chain.strikes_near(strike, right)[:each_side]:
            rows += chain.options[near, right]
    return rows
