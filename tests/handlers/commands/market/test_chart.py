"""The words of /chart: of what, how long a candle lasts, over how many days, and what is not taken for one of these."""

import re

import pytest

from bot.domain.errors import UsageError
from bot.domain.orders.research import Interval
from handlers.commands.market.chart import ChartWords, read
from handlers.registry import parse_command


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("reliance", ChartWords(symbol="reliance")),
        ("RELIANCE 15M", ChartWords(symbol="RELIANCE", interval=Interval.MINUTES_15)),
        ("reliance 15m 5", ChartWords(symbol="reliance", interval=Interval.MINUTES_15, days=5)),
        ("reliance 15m 5d", ChartWords(symbol="reliance", interval=Interval.MINUTES_15, days=5)),
        ("nifty 24500 ce", ChartWords(symbol="nifty 24500 ce")),
        ("nifty 24500 ce 23", ChartWords(symbol="nifty 24500 ce 23")),
        ("nifty 24500 ce 23 nov 1h", ChartWords(symbol="nifty 24500 ce 23 nov", interval=Interval.HOUR)),
        ("nifty 1d 250", ChartWords(symbol="nifty", interval=Interval.DAY, days=250)),
        ("tcs daily", ChartWords(symbol="tcs", interval=Interval.DAY)),
        ("tcs 60m", ChartWords(symbol="tcs", interval=Interval.HOUR)),
        ("tcs 5 min", ChartWords(symbol="tcs", interval=Interval.MINUTES_5)),
        ("tcs 5 days", ChartWords(symbol="tcs", interval=Interval.MINUTES_15, days=5)),
        ("tcs 15m 5 days", ChartWords(symbol="tcs", interval=Interval.MINUTES_15, days=5)),
        ("tcs 1 hour", ChartWords(symbol="tcs", interval=Interval.HOUR)),
        ("nifty 24500 ce 23 nov", ChartWords(symbol="nifty 24500 ce 23 nov")),
        ("tcs 60d", ChartWords(symbol="tcs", interval=Interval.DAY, days=60)),
        ("tcs 1 day", ChartWords(symbol="tcs", days=1)),
        ("nifty payoff", ChartWords(symbol="nifty", payoff=True)),
        ("m&m payoff", ChartWords(symbol="m&m", payoff=True)),
        ("payoff", ChartWords(symbol="payoff")),
        ("5m", ChartWords(symbol="5m")),
    ],
)
def test_each_spelling_is_read(words: str, asked: ChartWords) -> None:
    assert read(words) == asked


@pytest.mark.parametrize("words", ["", "tcs 7m", "tcs 2h", "tcs 15m 0", "tcs 0 days"])
def test_what_cannot_be_drawn_is_answered_with_an_example_that_can(words: str) -> None:
    with pytest.raises(UsageError) as refusal:
        read(words)
    parsed = parse_command(refusal.value.example)
    assert parsed is not None
    assert re.fullmatch(r"\d+m", read(parsed.words).interval.value)
