"""Calendar rows that contradict themselves are refused by name."""

import tomllib

import pytest

from bot.reference.calendar_rows import CalendarTables, read_calendar
from bot.reference.schema import BadRow, tables_of

DAY = "[[days]]\ndate = 2026-12-09\nname = 'x'\nsource = 's'\n"
HOURS = "[[timetables]]\nclass = 'cash'\nfrom = 2026-12-01\nsource = 's'\nhours = "
PRE_OPEN = HOURS + "[{ phase = 'PRE_OPEN', start = 09:00:00, end = 09:20:00 }"
EXPIRY = "[[expiries]]\nexchange = 'NFO'\nunderlyings = ['X']\ncycle = 'weekly'\nfrom = 2026-01-01\nsource = 's'\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DAY + "what = 'holiday'\nannounced = 2026-12-10", "announced on 2026-12-10, after the day itself"),
        (DAY + "what = 'holiday'\n" + DAY + "what = 'trading'", "second row for 2026-12-09 must be announced after the first"),
        (DAY + "what = 'holiday'\nhours_known = false", "only a special day has hours of its own"),
        (
            DAY
            + "what = 'special'\nhours_known = false\nhours.cash = [{ phase = 'CONTINUOUS', start = 09:15:00, end = 10:00:00 }]",
            "given and called not known",
        ),
        (
            DAY + "what = 'special'\nhours.gold = [{ phase = 'CONTINUOUS', start = 09:15:00, end = 10:00:00 }]",
            "I do not know gold: it is none of cash, cash-auction, near-future, derivative",
        ),
        (HOURS + "[{ phase = 'CONTINUOUS', start = 10:00:00, end = 09:00:00 }]", "not after its start"),
        (
            PRE_OPEN + ", { phase = 'AUCTION', start = 09:15:00, end = 09:30:00 }]",
            "before PRE_OPEN ends",
        ),
        (
            HOURS + "[{ phase = 'PRE_OPEN', start = 09:00:00, end = 09:08:00, random_from = 09:09:00 }]",
            "random_from 09:09:00 is outside",
        ),
        (HOURS + "[{ phase = 'LUNCH', start = 12:00:00, end = 13:00:00 }]", "phase must be one of"),
        ("[[years]]\nyear = 2300\nsource = 's'", "no year that anybody has a calendar for"),
        (
            "[[broker_windows]]\nkind = 'AMO'\nfrom = 2026-01-01\nstart = 16:00:00\nsays = 'x'\nsource = 's'",
            "start and end are given together",
        ),
        (
            EXPIRY + "weekday = 'Tues'",
            "weekday must be one of Monday",
        ),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadRow, match=words) as caught:
        read_calendar([tables_of(tomllib.loads(text), "host.toml", CalendarTables)])
    assert caught.value.say.startswith("host.toml, [[")
