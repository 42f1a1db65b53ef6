"""Rows of the market rules: ladders without a top, thresholds out of order and lost protection are refused."""

import tomllib

import pytest

from bot.reference.rule_rows import RuleTables, read_rules
from bot.reference.schema import BadRow, tables_of

PROTECTION = "[protection]\nmarket_ticks = 4\nstop_slabs = 2\nstop_ticks = 10\nsource = 's'\n"
SLABS = PROTECTION + "[[slabs]]\nkinds = ['EQUITY']\nfrom = 2026-01-01\nsource = 's'\nsteps = "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"the table \[protection\] is missing"),
        (PROTECTION.replace("4", "0"), "market_ticks must be a whole number from 1"),
        (SLABS + "[{ below = '100', value = '2' }]", "last step must have no limit"),
        (SLABS + "[{ below = '100', value = '2' }, { to = '50', value = '1' }, { value = '1' }]", "50 is not above 100"),
        (SLABS + "[{ value = '2' }, { value = '1' }]", "nothing may follow"),
        (SLABS + "[{ value = '0' }]", "a step of nothing"),
        (SLABS + "[{ below = '100', to = '100', value = '2' }, { value = '1' }]", "to and below both say where the step ends"),
        (
            PROTECTION + "[[stock_expiry]]\nfrom = 2026-01-01\ntell = 2\nwarn = 4\nrefuse = 1\nsquared_off = 1\nsource = 's'",
            "tell, warn and refuse must fall in this order",
        ),
        (
            PROTECTION + "[[freeze]]\nexchange = 'NFO'\nfrom = 2026-01-01\nmonthly = true\nunits = { NIFTY = 0 }\nsource = 's'",
            "NIFTY must be a whole number from 1",
        ),
        (PROTECTION + "[[lots]]\nfirst_expiry = 2026-01-01\nsource = 's'", "units are missing"),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadRow, match=words):
        read_rules([tables_of(tomllib.loads(text), "host.toml", RuleTables)], ())


def test_a_later_file_changes_the_protection_and_keeps_the_rest() -> None:
    tables = [
        tables_of(tomllib.loads(SLABS + "[{ value = '1' }]"), "ours.toml", RuleTables),
        tables_of(tomllib.loads(PROTECTION.replace("4", "6")), "host.toml", RuleTables),
    ]
    rules = read_rules(tables, ())
    assert rules.market_ticks == 6
    assert len(rules.slabs) == 1
