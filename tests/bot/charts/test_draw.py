"""Every picture is a valid PNG of a phone's width, whatever the figures are."""

import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from bot.charts.canvas import MARK, WIDTH
from bot.charts.draw import draw
from bot.domain.clock import at_ist
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
from tests.stage.values.pictures import AS_OF, DAY, a_day, a_month, a_payoff, candles_of_a_day, samples

D = Decimal
MOST_BYTES = 60_000  # a picture is waited for over a bad network
FIRST = at_ist(DAY, 9, 15)


def seen(picture: Picture) -> Image.Image:
    """The picture as a phone decodes it."""
    content = draw(picture)
    image = Image.open(io.BytesIO(content))
    image.load()
    assert image.format == "PNG"
    assert image.width == WIDTH
    assert 400 <= image.height <= 1700  # Telegram cuts what is longer
    assert len(content) < MOST_BYTES
    return image.convert("RGB")


def candle(minute: int, prices: tuple[str, str, str, str], volume: int = 0) -> Candle:
    opened, high, low, close = (D(price) for price in prices)
    return Candle(start=FIRST + timedelta(minutes=minute), open=opened, high=high, low=low, close=close, volume=volume)


def a_chart(*candles: Candle, interval: Interval = Interval.MINUTE) -> CandleChart:
    return CandleChart(name="X", exchange="NSE", interval=interval, candles=candles, mode="PAPER", as_of=AS_OF)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "picture"), samples().items(), ids=samples())
def test_each_sample_is_drawn_and_is_the_one_in_the_docs(name: str, picture: Picture) -> None:
    kept, drawn = Image.open(ROOT / "docs" / "pictures" / f"{name}.png").convert("RGB"), seen(picture)
    assert drawn.size == kept.size, "run: make pictures"
    off = ImageStat.Stat(ImageChops.difference(drawn, kept)).mean  # of 255; another build of the library may round elsewhere
    assert max(off) < 0.1, "run: make pictures"


def test_the_same_value_gives_the_same_bytes() -> None:
    assert draw(candles_of_a_day()) == draw(candles_of_a_day())


FLAT = ("100", "100", "100", "100")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "picture",
    [
        a_chart(),
        a_chart(candle(0, FLAT)),
        a_chart(*(candle(minute, FLAT) for minute in range(30))),
        a_chart(candle(0, ("0.05", "98765432.10", "0.05", "0.10"), 10**12), candle(1, ("0.10", "0.10", "0.05", "0.05"))),
        a_chart(*(candle(minute, ("100", "101", "99", "100.5"), minute) for minute in range(400))),
        a_chart(*(candle(minute * 1440, FLAT, 5) for minute in range(400)), interval=Interval.DAY),
        a_chart(*(candle(minute * 1440, FLAT, 5) for minute in range(3)), interval=Interval.DAY),
        replace(a_chart(candle(0, FLAT)), name="two\nlines \ud800 of \u0939\u093f"),
        a_chart(candle(0, ("-37.63", "-10", "-40.32", "-20"))),
        replace(candles_of_a_day(), name="A name of an instrument that nobody could ever fit on one line of a phone"),
        DayPicture(day=DAY, net=D(0), curve=(), mode="LIVE", as_of=AS_OF),
        DayPicture(day=DAY, net=None, curve=(NetPoint(at=FIRST, net=D(0)),), mode="LIVE", as_of=AS_OF),
        replace(a_day(), fills=(), symbols=()),
        replace(a_day(), fills=(DayFill(at=AS_OF + timedelta(days=3), side=Side.BUY),)),
        replace(a_day(), symbols=tuple(SymbolResult(name=f"SYMBOL{n}", net=D(n - 30)) for n in range(60))),
        replace(a_day(), symbols=(SymbolResult(name="ONLY", net=D(0)),)),
        EquityCurve(title="T", days=(), mode="LIVE", as_of=AS_OF),
        EquityCurve(title="T", days=(DayResult(day=DAY, net=None),), mode="LIVE", as_of=AS_OF),
        EquityCurve(title="T", days=(DayResult(day=DAY, net=D(-5)),), mode="LIVE", as_of=AS_OF),
        EquityCurve(
            title="T", mode="LIVE", as_of=AS_OF,
            days=tuple(DayResult(day=DAY + timedelta(days=n), net=D(n * n - 9000) * 10**5) for n in range(250)),
        ),
        MonthHeatmap(month=date(2026, 2, 1), days=(), mode="LIVE", as_of=AS_OF),
        replace(a_month(), days=(DayResult(day=date(2026, 11, 2), net=D("-98765432.10")),)),
        replace(a_payoff(), legs=(), expiry=None, spot=None),
        replace(a_payoff(), spot=None),
        replace(a_payoff(), legs=a_payoff().legs * 5),
        replace(a_payoff(), legs=(PayoffLeg(name="f", right=None, strike=None, quantity=-65, average=D("24500")),), expiry=None),
        replace(a_payoff(), legs=(PayoffLeg(name="p", right=Right.PE, strike=D("0.05"), quantity=1, average=D(0)),), spot=D(9)),
    ],
)  # fmt: skip
def test_edges_are_drawn(picture: Picture) -> None:
    seen(picture)


def test_arrows_are_explained_only_where_there_is_one() -> None:
    late = DayFill(at=AS_OF + timedelta(days=3), side=Side.BUY)
    day = replace(a_day(), symbols=())
    for picture, marked in ((day, True), (replace(day, fills=(late,)), False)):
        colours = [colour for _, colour in seen(picture).convert("RGB").getcolors(1 << 20) or () if isinstance(colour, tuple)]
        off = [sum(abs(has - wants) for has, wants in zip(colour, MARK, strict=True)) for colour in colours]
        assert (min(off) < 40) is marked


def test_a_day_with_fills_that_nobody_watched_is_not_called_one_without_trades() -> None:
    bare = replace(a_day(), curve=(), symbols=())
    assert seen(bare).tobytes() != seen(replace(bare, fills=())).tobytes()


MONEY = st.integers(-(10**12), 10**12).map(lambda paise: D(paise) / 100)
MOMENT = st.integers(0, 60 * 24 * 60).map(lambda minute: FIRST + timedelta(minutes=minute))


@st.composite
def any_candles(draw_: st.DrawFn) -> CandleChart:
    count = draw_(st.integers(1, 60))
    step = draw_(st.sampled_from([1, 5, 60, 1440]))
    price = st.integers(0, 10**9).map(lambda paise: D(paise) / 100)
    candles = []
    for place in range(count):
        low, first, second, high = sorted(draw_(st.lists(price, min_size=4, max_size=4)))
        candles.append(candle(place * step, (str(first), str(high), str(low), str(second)), draw_(st.integers(0, 10**9))))
    interval = Interval.DAY if step == 1440 else Interval.MINUTE
    a_fill = st.builds(ChartFill, at=MOMENT, side=st.sampled_from(Side), price=price, quantity=st.integers(1, 900))
    a_level = st.builds(ChartLevel, kind=st.sampled_from(LevelKind), price=price, quantity=st.integers())
    fills, levels = draw_(st.lists(a_fill, max_size=4)), draw_(st.lists(a_level, max_size=6))
    return replace(a_chart(*candles, interval=interval), fills=tuple(fills), levels=tuple(levels))


RESULTS = st.lists(
    st.builds(DayResult, day=st.dates(DAY.replace(day=1), DAY.replace(day=30)), net=st.none() | MONEY),
    max_size=30,
    unique_by=lambda result: result.day,
).map(lambda results: tuple(sorted(results, key=lambda result: result.day)))
CURVES = st.lists(st.builds(NetPoint, at=MOMENT, net=MONEY), max_size=20).map(
    lambda points: tuple(sorted(points, key=lambda point: point.at))
)
LEGS = st.lists(
    st.builds(
        PayoffLeg,
        name=st.just("x"),
        right=st.sampled_from([Right.CE, Right.PE]),
        strike=st.integers(1, 10**6).map(D),
        quantity=st.integers(-900, 900),
        average=st.integers(0, 10**5).map(D),
    ),
    max_size=5,
).map(tuple)


@pytest.mark.exhaustive
@given(
    picture=any_candles()
    | st.builds(EquityCurve, title=st.text(max_size=90), days=RESULTS, mode=st.just("LIVE"), as_of=st.just(AS_OF))
    | st.builds(MonthHeatmap, month=st.just(DAY), days=RESULTS, mode=st.just("LIVE"), as_of=st.just(AS_OF))
    | st.builds(
        DayPicture,
        day=st.just(DAY),
        net=st.none() | MONEY,
        curve=CURVES,
        fills=st.lists(st.builds(DayFill, at=MOMENT, side=st.sampled_from(Side)), max_size=4).map(tuple),
        symbols=st.lists(st.builds(SymbolResult, name=st.text(max_size=40), net=MONEY), max_size=12).map(tuple),
        mode=st.just("PAPER"),
        as_of=st.just(AS_OF),
    )
    | st.builds(
        Payoff,
        name=st.just("NIFTY"),
        expiry=st.none() | st.just(DAY),
        legs=LEGS,
        spot=st.none() | st.integers(1, 10**6).map(D),
        mode=st.just("LIVE"),
        as_of=st.just(AS_OF),
    )
)
def test_no_figures_are_beyond_drawing(picture: Picture) -> None:
    seen(picture)
