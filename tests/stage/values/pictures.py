"""Sample values of every picture: for tests, and drawn as docs/pictures by `make pictures`."""

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.charts.draw import draw
from bot.domain.clock import at_ist, ist_date
from bot.domain.market.instrument import Right
from bot.domain.orders.research import Candle, Interval
from bot.domain.pictures import (
    CandleChart,
    ChartFill,
    ChartLevel,
    DayFill,
    DayPicture,
    DayResult,
    EquityCurve,
    LevelKind,
    MonthHeatmap,
    NetPoint,
    Payoff,
    Picture,
    SymbolResult,
)
from bot.domain.plans.payoff import PayoffLeg
from bot.domain.terms import Side
from tests.house.source import ROOT

DAY = date(2026, 11, 20)
AS_OF = at_ist(DAY, 14, 5)
TICK = Decimal("0.05")


def samples() -> Mapping[str, Picture]:
    """Name of the file -> what it shows."""
    return {
        "candles-day": candles_of_a_day(),
        "candles-months": candles_of_months(),
        "candles-contract": candles_of_a_contract(),
        "day": a_day(),
        "week": EquityCurve(title="This week", days=_results(5, date(2026, 11, 16)), mode="PAPER", as_of=AS_OF),
        "equity": EquityCurve(title="November 2026", days=_results(20, date(2026, 11, 2)), mode="LIVE", as_of=AS_OF),
        "month": a_month(),
        "payoff-spread": a_payoff(),
        "payoff-strangle": a_strangle(),
    }


def _walk(start: str, starts: list[datetime], reach: str, chance: random.Random) -> tuple[Candle, ...]:
    candles, last = [], Decimal(start)
    for moment in starts:
        path = [last]
        for _ in range(12):
            path.append(path[-1] + Decimal(reach) * chance.randint(-10, 10) / 10 // TICK * TICK)
        candles.append(
            Candle(
                start=moment, open=path[0], high=max(path), low=min(path), close=path[-1], volume=chance.randint(20_000, 240_000)
            )
        )
        last = path[-1]
    return tuple(candles)


def _session(day: date, minutes: int, until: datetime) -> list[datetime]:
    moments, moment = [], at_ist(day, 9, 15)
    while moment < min(at_ist(day, 15, 30), until):
        moments.append(moment)
        moment += timedelta(minutes=minutes)
    return moments


def candles_of_a_day() -> CandleChart:
    candles = _walk("1471.40", _session(DAY, 5, AS_OF), "0.9", random.Random(4))
    return CandleChart(
        name="RELIANCE", exchange="NSE", interval=Interval.MINUTES_5, candles=candles, mode="PAPER", as_of=AS_OF,
        fills=(
            ChartFill(at=candles[14].start, side=Side.BUY, price=candles[14].low, quantity=20),
            ChartFill(at=candles[40].start, side=Side.SELL, price=candles[40].high, quantity=10),
        ),
        levels=(
            ChartLevel(kind=LevelKind.AVERAGE, price=candles[14].low, quantity=10),
            ChartLevel(kind=LevelKind.STOP, price=Decimal("1461.00"), quantity=-10),
            ChartLevel(kind=LevelKind.TARGET, price=Decimal("1492.50"), quantity=-10),
        ),
    )  # fmt: skip


def candles_of_months() -> CandleChart:
    first = date(2026, 6, 1)
    days = [day for count in range(172) if (day := first + timedelta(days=count)).weekday() < 5 and day <= DAY]
    candles = _walk("24180", [at_ist(day, 0) for day in days], "55", random.Random(8))
    bare = tuple(Candle(start=one.start, open=one.open, high=one.high, low=one.low, close=one.close, volume=0) for one in candles)
    return CandleChart(name="NIFTY", exchange="NSE", interval=Interval.DAY, candles=bare, mode="LIVE", as_of=AS_OF)


def candles_of_a_contract() -> CandleChart:
    days = [date(2026, 11, day) for day in (16, 17, 18, 19, 20)]
    starts = [moment for day in days for moment in _session(day, 15, AS_OF)]
    candles = _walk("131.20", starts, "1.4", random.Random(21))
    return CandleChart(
        name="NIFTY 24500 CE · 23 Nov (Mon, monthly)", exchange="NFO", interval=Interval.MINUTES_15, candles=candles,
        mode="LIVE", as_of=AS_OF,
        fills=(ChartFill(at=candles[60].start, side=Side.SELL, price=candles[60].close, quantity=65),),
        levels=(
            ChartLevel(kind=LevelKind.AVERAGE, price=candles[60].close, quantity=-65),
            ChartLevel(kind=LevelKind.STOP, price=candles[60].close * 3, quantity=65),
        ),
    )  # fmt: skip


def a_day() -> DayPicture:
    chance = random.Random(3)
    net, curve = Decimal("-64.20"), []
    for minute in range(0, 375, 5):
        net += Decimal(chance.randint(-9_000, 9_800)) / 100 * (1 + (minute > 150))
        curve.append(NetPoint(at=at_ist(DAY, 9, 15) + timedelta(minutes=minute), net=net))
    names = ("NF 24500CE 23Nov", "RELIANCE", "TCS", "BNF FUT 23Nov", "ITC")
    nets = ("1874.30", "222.50", "-48.15", "-1310.00", "96.40")
    fills = tuple(
        DayFill(at=curve[place].at, side=side)
        for place, side in ((3, Side.BUY), (21, Side.SELL), (30, Side.BUY), (44, Side.SELL), (62, Side.SELL))
    )
    symbols = tuple(SymbolResult(name=name, net=Decimal(net)) for name, net in zip(names, nets, strict=True))
    return DayPicture(day=DAY, net=curve[-1].net, curve=tuple(curve), fills=fills, symbols=symbols, mode="PAPER", as_of=AS_OF)


def _results(count: int, first: date) -> tuple[DayResult, ...]:
    chance = random.Random(count)
    days = [day for offset in range(60) if (day := first + timedelta(days=offset)).weekday() < 5][:count]
    nets = [Decimal(chance.randint(-640_000, 800_000)) / 100 for _ in days]
    return tuple(
        DayResult(day=day, net=None if place == 11 else net) for place, (day, net) in enumerate(zip(days, nets, strict=True))
    )


def a_month() -> MonthHeatmap:
    closed = (date(2026, 11, 10), date(2026, 11, 24))
    sunday = DayResult(day=date(2026, 11, 8), net=Decimal("512.40"))  # muhurat
    idle = DayResult(day=date(2026, 11, 12), net=Decimal(0))
    days = [
        result
        for result in _results(15, date(2026, 11, 2))
        if result.day not in (*closed, idle.day) and result.day <= ist_date(AS_OF)
    ]
    everything = tuple(sorted([*days, sunday, idle], key=lambda result: result.day))
    return MonthHeatmap(month=DAY, days=everything, closed=closed, mode="LIVE", as_of=AS_OF)


def a_payoff() -> Payoff:
    return Payoff(
        name="NIFTY", expiry=date(2026, 11, 23), spot=Decimal("24612.35"), mode="PAPER", as_of=AS_OF,
        legs=(
            PayoffLeg(name="NF 24500CE 23Nov", right=Right.CE, strike=Decimal(24500), quantity=65, average=Decimal("131.20")),
            PayoffLeg(name="NF 24800CE 23Nov", right=Right.CE, strike=Decimal(24800), quantity=-65, average=Decimal("38.65")),
        ),
        left_out=("NF 24000PE 29Dec",),
    )  # fmt: skip


def a_strangle() -> Payoff:
    return Payoff(
        name="BANKNIFTY", expiry=date(2026, 11, 24), spot=Decimal("51890.10"), mode="LIVE", as_of=AS_OF,
        legs=(
            PayoffLeg(name="BNF 53000CE 24Nov", right=Right.CE, strike=Decimal(53000), quantity=-70, average=Decimal("212.40")),
            PayoffLeg(name="BNF 51000PE 24Nov", right=Right.PE, strike=Decimal(51000), quantity=-70, average=Decimal("188.05")),
        ),
    )  # fmt: skip


async def drawn_in_place(picture: Picture) -> bytes:
    """The same drawing without a process of its own, whose answer virtual time would not wait for."""
    return draw(picture)


def main() -> None:
    """Draws every sample into docs/pictures."""
    for name, picture in samples().items():
        (ROOT / "docs" / "pictures" / f"{name}.png").write_bytes(draw(picture))


if __name__ == "__main__":
    main()
