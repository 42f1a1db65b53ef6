"""The scrip master made for a date: shares, indices, futures and options with true ticks, lots and names."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from bot.simulators.broker.market.hours import is_trading_day
from bot.simulators.broker.market.instruments import Instrument, Key, plain

SHARES = Path(__file__).with_name("shares.tsv")
WEEKLY_MONTHS = "123456789OND"
STRIKES_EACH_SIDE = 0.12  # of the level six weeks before expiry: no contract drops out of the list while it lives


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec:
    """An index and its contracts, with lots and freeze units of November 2026 (market-rules.md 4.5 and 4.8)."""

    code: str
    symbol: str
    base: int
    exchange: str = "NSE"
    lot: int = 0
    freeze: int = 0
    step: int = 0  # between strikes, rupees
    weekday: int = 1  # of expiry: Tuesday at NSE, Thursday at BSE
    weekly: bool = False


# Tokens of mstock-type-b.md 10.1.
INDICES = (
    IndexSpec(code="26000", symbol="NIFTY", base=2451235, lot=65, freeze=1800, step=50, weekly=True),
    IndexSpec(code="26009", symbol="BANKNIFTY", base=5524060, lot=30, freeze=600, step=100),
    IndexSpec(code="26037", symbol="FINNIFTY", base=2612340, lot=60, freeze=1800, step=50),
    IndexSpec(code="26074", symbol="MIDCPNIFTY", base=1324015, lot=120, freeze=2800, step=25),
    IndexSpec(code="26013", symbol="NIFTYNXT50", base=6684520),
    IndexSpec(code="26017", symbol="INDIAVIX", base=1284),
    IndexSpec(
        code="51",
        symbol="SENSEX",
        base=8032150,
        exchange="BSE",
        lot=20,
        freeze=1000,
        step=100,
        weekday=3,
        weekly=True,
    ),
)


def share_tick(price: int) -> int:
    """Tick of a share or stock future by the price slab in force since 15 April 2025, paise.

    A slab begins above its figure: a share at exactly 1,000 rupees has the tick of the one below.
    """
    slabs = ((24999, 1), (100000, 5), (500000, 10), (1000000, 50), (2000000, 100))
    return next((tick for limit, tick in slabs if price <= limit), 500)


def index_future_tick(price: int) -> int:
    return 5 if price <= 1500000 else 10 if price <= 3000000 else 20


def expiry_in(year: int, month: int, weekday: int) -> date:
    """The monthly expiry: the last such weekday, moved back over holidays."""
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return moved(last - timedelta(days=(last.weekday() - weekday) % 7))


def moved(day: date) -> date:
    while not is_trading_day(day):
        day -= timedelta(days=1)
    return day


def monthly_expiries(today: date, weekday: int, count: int) -> list[date]:
    found: list[date] = []
    year, month = today.year, today.month
    while len(found) < count:
        expiry = expiry_in(year, month, weekday)
        if expiry >= today:
            found.append(expiry)
        year, month = year + month // 12, month % 12 + 1
    return found


def weekly_expiries(today: date, weekday: int, count: int) -> list[date]:
    found: list[date] = []
    day = today + timedelta(days=(weekday - today.weekday()) % 7)
    while len(found) < count:
        if moved(day) >= today and moved(day) not in found:
            found.append(moved(day))
        day += timedelta(days=7)
    return found


def is_monthly(expiry: date, weekday: int) -> bool:
    return expiry == expiry_in(expiry.year, expiry.month, weekday)


def contract_name(symbol: str, expiry: date, strike: str, option: str, *, monthly: bool) -> str:
    """Section 10's grammar: `NIFTY26NOV24500CE`, `NIFTY26D0124500CE`, `NIFTY26DECFUT`."""
    if not option:
        return f"{symbol}{expiry:%y}{expiry:%b}FUT".upper()
    middle = f"{expiry:%b}".upper() if monthly else f"{WEEKLY_MONTHS[expiry.month - 1]}{expiry.day:02d}"
    return f"{symbol}{expiry:%y}{middle}{strike}{option}"


def indices() -> Iterator[Instrument]:
    for spec in INDICES:
        yield Instrument(
            token=spec.code, exchange=spec.exchange, symbol=spec.symbol, name=spec.symbol, kind="INDEX", tick=5,
            base=spec.base, company=spec.symbol, has_derivatives=spec.lot > 0,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    cash: Instrument
    on_bse: Instrument | None
    futures_lot: int
    options: bool


def shares() -> Iterator[Share]:
    with SHARES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            base = int(Decimal(row["price"]) * 100)
            lot = int(row["futures_lot"] or 0)
            cash = Instrument(
                token=row["nse_token"], exchange="NSE", symbol=row["symbol"], name=f"{row['symbol']}-{row['series']}",
                kind="EQ", tick=share_tick(base), base=base, company=row["company"], series=row["series"],
                has_derivatives=lot > 0,
            )  # fmt: skip
            bse = None
            if row["bse_code"]:
                bse = Instrument(
                    token=row["bse_code"], exchange="BSE", symbol=row["symbol"], name=row["symbol"], kind="EQ",
                    tick=share_tick(base), base=base, company=row["company"], series="A", underlying=cash.key,
                    has_derivatives=lot > 0,
                )  # fmt: skip
            yield Share(cash, bse, lot, row["options"] == "yes")


Centre = Callable[[Instrument, date], int]
TokenFor = Callable[[str, str], str]


def contracts(underlying: Instrument, spec: IndexSpec, today: date, centre: Centre, token: TokenFor) -> Iterator[Instrument]:
    """Futures of three months and the options of an underlying that live on `today`."""
    derivatives = {"NSE": "NFO", "BSE": "BFO"}[underlying.exchange]
    stock = not underlying.is_index

    months = monthly_expiries(today, spec.weekday, 3)

    def make(expiry: date, strike: int, option: str, tick: int, *, monthly: bool = True) -> Instrument:
        name = contract_name(underlying.symbol, expiry, plain(strike), option, monthly=monthly)
        kind = ("OPT" if option else "FUT") + ("STK" if stock else "IDX")
        return Instrument(
            token=token(derivatives, name), exchange=derivatives, symbol=underlying.symbol, name=name, kind=kind,
            tick=tick, lot=spec.lot, freeze=spec.freeze, expiry=expiry, strike=strike, option=option,
            underlying=underlying.key, is_front=not option and expiry == months[0],
        )  # fmt: skip

    tick = share_tick(underlying.base) if stock else index_future_tick(underlying.base)
    for expiry in months:
        yield make(expiry, 0, "", tick)
    if not spec.step:
        return
    expiries = sorted({*months[:2], *(weekly_expiries(today, spec.weekday, 2) if spec.weekly else [])})
    option_tick = 1 if stock and underlying.base < 25000 else 5
    step = spec.step * 100
    for expiry in expiries[: 3 if spec.exchange == "NSE" else 2]:
        middle = centre(underlying, expiry - timedelta(days=42))
        low = int(middle * (1 - STRIKES_EACH_SIDE)) // step * step
        monthly = is_monthly(expiry, spec.weekday)
        for strike in range(max(low, step), int(middle * (1 + STRIKES_EACH_SIDE)) + step, step):
            yield make(expiry, strike, "CE", option_tick, monthly=monthly)
            yield make(expiry, strike, "PE", option_tick, monthly=monthly)


def strike_step(base: int) -> int:
    """Distance between a stock's strikes in rupees, by its price."""
    for limit, step in ((5000, 1), (25000, 5), (100000, 10), (250000, 20), (500000, 50)):
        if base < limit:
            return step
    return 100


# exchange, name, token, symbol, kind, tick, lot, freeze, expiry, strike, option, underlying's exchange and token
ContractRow = tuple[str, str, str, str, str, int, int, int, str, int, str, str, str]
FIRST_TOKEN = {"NFO": 35_001, "BFO": 820_001}


def next_token(given: dict[str, dict[str, str]], exchange: str, name: str) -> str:
    """The token of a contract, counted up from the exchange's first when it has none yet."""
    mine = given.setdefault(exchange, {})
    return mine.setdefault(name, str(FIRST_TOKEN[exchange] + len(mine)))


class Master:
    """All instruments of one date, by key. `rows()` is what the scrip master route answers."""

    def __init__(self, today: date, centre: Centre, token: TokenFor) -> None:
        self.date = today
        self.by_key: dict[Key, Instrument] = {}
        self.by_name: dict[tuple[str, str], Instrument] = {}
        specs = {spec.symbol: spec for spec in INDICES}
        for index in indices():
            self._add(index)
            if specs[index.symbol].lot:
                self._add_all(contracts(index, specs[index.symbol], today, centre, token))
        for share in shares():
            self._add(share.cash)
            if share.on_bse:
                self._add(share.on_bse)
            if share.futures_lot:
                spec = IndexSpec(
                    code=share.cash.token, symbol=share.cash.symbol, base=share.cash.base, lot=share.futures_lot,
                    freeze=share.futures_lot * 20, step=strike_step(share.cash.base) if share.options else 0,
                )  # fmt: skip
                self._add_all(contracts(share.cash, spec, today, centre, token))

    def _add(self, instrument: Instrument) -> None:
        self.by_key[instrument.key] = instrument
        self.by_name[instrument.exchange, instrument.name] = instrument

    def _add_all(self, found: Iterator[Instrument]) -> None:
        for instrument in found:
            self._add(instrument)

    def contract_rows(self) -> list[ContractRow]:
        """What the ledger keeps of each contract."""
        return [
            (i.exchange, i.name, i.token, i.symbol, i.kind, i.tick, i.lot, i.freeze, str(i.expiry), i.strike, i.option,
             *(i.underlying or ("", "")))
            for i in self.by_key.values() if i.is_derivative
        ]  # fmt: skip

    def rows(self) -> list[dict[str, str]]:
        return [i.master_row() for i in self.by_key.values() if not i.is_index]

    def find(self, exchange: str, token: str) -> Instrument | None:
        return self.by_key.get((exchange, token))
