"""Names in Hindi are names: each leads to its own symbol, in one word or several, and what is unknown stays as it is."""

import pytest

from bench.master import TODAY
from bot.trading.instruments.devanagari import WRITTEN, in_latin
from tests.stage.values.master import ALL, MADE

LISTED = {row.symbol for row in MADE.rows} | {row.symbol for row in MADE.indices}


@pytest.mark.parametrize(("written", "symbol"), WRITTEN.items())
def test_each_name_is_read_as_what_its_symbol_names(written: str, symbol: str) -> None:
    assert in_latin(written) == symbol
    found = ALL.read(written, today=TODAY)
    assert found == ALL.read(symbol, today=TODAY)
    assert (found.instrument is not None) == (symbol in LISTED)


def test_the_fifty_largest_shares_have_a_name() -> None:
    assert len(set(WRITTEN.values())) >= 50


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("एसबीआई लाइफ 10", "SBILIFE 10"),  # the longest name counts
        ("एसबीआई 10", "SBIN 10"),
        ("बैंक निफ्टी fut", "BANKNIFTY fut"),
        ("ज़ोमैटो", "ETERNAL"),  # with the nukta
        ("नमस्ते रिलायंस", "नमस्ते RELIANCE"),
        ("reliance", "reliance"),
        ("", ""),
    ],
)
def test_a_name_may_stand_in_several_words_among_others(text: str, latin: str) -> None:
    assert in_latin(text) == latin
