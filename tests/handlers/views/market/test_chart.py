"""The words before a picture: figures that fit a phone, what is not shown named, and buttons that ask for what they say."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import ist
from bot.domain.orders.research import Interval
from bot.domain.pictures import Charted, Payoff
from handlers.commands.market.chart import read
from handlers.registry import parse_command
from handlers.views.format import WIDTH, columns
from handlers.views.market import chart as views
from handlers.views.message import Table, View
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import WordsTap
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.stage.values.pictures import a_payoff, a_strangle, candles_of_a_contract, candles_of_a_day

CHARTED = Charted(instrument=RELIANCE, chart=candles_of_a_day(), days=1)


def rows(view: View) -> list[str]:
    return [line for part in view.parts if isinstance(part, Table) for line in part.rows]


def commands(view: View) -> list[str]:
    taps = [decode(button.data) for line in view.keyboard for button in line]
    return [tap.words for tap in taps if isinstance(tap, WordsTap)]


def test_a_chart_in_words_with_what_stands_for_the_account() -> None:
    assert rows(views.candles(CHARTED, "🔵 main", "main")) == [
        "CHART 🔵 main            PAPER",
        "RELIANCE",
        " NSE · 5m · 20 Nov",
        "                as of 14:05:00",
        "Last                  1,463.65",
        "Since 09:15   −7.75 −0.53 % 🔴",
        "Range      1,460.60 – 1,476.25",
        "Volume               75,90,345",
        "------------------------------",
        "Target 1,492.50            −10",
        "Avg 1,461.85         holds +10",
        "Stop 1,461.00              −10",
        "Your trades shown            2",
    ]


def test_the_change_of_several_days_says_since_which_of_them() -> None:
    view = views.candles(replace(CHARTED, instrument=NIFTY_CALL, chart=candles_of_a_contract(), days=5), "main", "main")
    first = candles_of_a_contract().candles[0].start
    assert f"Since {ist(first).day} {ist(first):%b}" in view.plain


def test_what_was_cut_or_could_not_be_read_is_said() -> None:
    view = views.candles(replace(CHARTED, whole=False, left_out=("trades of mStock's app",)), "main", "main")
    assert "The last 58 candles: more do not fit." in view.plain
    assert "not shown: trades of mStock's app" in view.plain


def test_each_button_asks_for_the_same_instrument_on_the_same_account() -> None:
    view = views.candles(replace(CHARTED, instrument=NIFTY_CALL, chart=candles_of_a_contract(), days=5), "papa", "papa")
    for command in commands(view):
        parsed = parse_command(command)
        assert parsed is not None
        assert parsed.label == "papa"
        if parsed.command.name == "chart":
            assert read(parsed.words).symbol == "nifty 24500 ce 23 nov nfo"
    refresh = parse_command(next(command for command in commands(view) if command.endswith("5")))
    assert refresh is not None
    assert (read(refresh.words).interval, read(refresh.words).days) == (Interval.MINUTES_15, 5)


def test_a_payoff_in_words() -> None:
    view = views.payoff(a_payoff(), "🔵 main", "main")
    assert rows(view) == [
        "PAYOFF 🔵 main           PAPER",
        "NIFTY           as of 14:05:00",
        " at expiry, 23 Nov (Mon)",
        "Most won            +13,484.25",
        "Most lost            −6,015.75",
        "Break-even           24,592.55",
        "Spot now             24,612.35",
        " if it ends there +1,287.00 🟢",
        "------------------------------",
        "NF 24500CE 23Nov           +65",
        "                     at 131.20",
        "NF 24800CE 23Nov           −65",
        "                      at 38.65",
        "Premium paid          6,015.75",
    ]
    assert "Before charges." in view.plain
    assert "Not in it: NF 24000PE 29Dec." in view.plain
    assert commands(view) == ["main: /chart nifty payoff"]


def test_a_loss_without_end_and_a_price_that_is_not_known_say_so() -> None:
    words = views.payoff(replace(a_strangle(), spot=None), "main", "main").plain
    assert "Most lost             no limit" in words
    assert "Spot now             not known" in words
    assert "Premium received" in words


FIGURES = st.integers(-(10**12), 10**12).map(lambda paise: Decimal(paise) / 100)


@given(figure=FIGURES, quantity=st.integers(-(10**9), 10**9))
def test_no_row_is_wider_than_a_phone(figure: Decimal, quantity: int) -> None:
    chart = CHARTED.chart
    bars = tuple(replace(bar, close=abs(figure), volume=abs(quantity)) for bar in chart.candles)
    levels = tuple(replace(level, price=abs(figure), quantity=quantity) for level in chart.levels)
    charted = replace(CHARTED, chart=replace(chart, candles=bars, levels=levels))
    held: Payoff = a_payoff()
    payoff = replace(held, legs=tuple(replace(leg, average=abs(figure), quantity=quantity) for leg in held.legs))
    for view in (views.candles(charted, "🔵 a long label", "x"), views.payoff(payoff, "🔵 a long label", "x")):
        assert all(columns(line) <= WIDTH for line in rows(view))
