"""The checker finds an evening order whose fate nobody told, and an act on a price that lives on another base."""

import pytest

from tests.campaign.judging.test_checker import ME, found, said
from tests.campaign.record import Act, Deed, Record, Trouble

NIGHT = 86_400.0
EVENING = "BUY 10 ITC          PAPER\n⚠️ Sent now, for the session of Mon 23 Nov\nuntil 16:40:00"
FATE = "🔵 After-market orders of today\n#1 BUY 10 ITC: for Mon 23 Nov, limit 400.00"
AHEAD, OPENED = NIGHT - 20 * 60.0, NIGHT + 16 * 60.0  # 08:40 and 09:16 of the next morning


def an_evening() -> Record:
    """An order of 16:30 that waits for the next session, confirmed five minutes after its card, and told twice in the morning."""
    detail = {"name": "ITC-EQ", "side": "BUY", "quantity": 10, "channel": "API", "price": 40000, "status": "Transit"}
    return Record(
        seed=1,
        ended=NIGHT + 2000.0,
        chats=(ME,),
        deeds=[Deed(at=27_300.1, what="order", order="b1", detail=detail)],
        shown=[
            said(27_000.0, 11, EVENING), said(27_300.5, 11, "🔵 #1 BUY 10 ITC\nfor Mon 23 Nov, limit 400.00", what="edit"),
            said(AHEAD, 12, FATE), said(OPENED, 13, FATE),
        ],
        acts=[Act(at=27_300.0, chat=ME, what="taps", text="Confirm buy", message=11, shown=EVENING)],
    )  # fmt: skip


def test_nothing_is_found_on_a_good_night() -> None:
    assert found(an_evening()) == set()


@pytest.mark.parametrize("place", [2, 3])
def test_an_evening_order_that_is_not_told_of_in_the_morning_is_found_unless_no_bot_ran(place: int) -> None:
    record = an_evening()
    gone = record.shown.pop(place)
    assert found(record) == {"untold_fates"}
    record.troubles = [Trouble(kind="stopped", side="bot", began=gone.at - 10.0, ended=gone.at + 10.0)]
    assert found(record) == set()


def a_split() -> Record:
    """A share whose price halves over the night, with an alert that is asked about."""
    return Record(
        seed=1,
        ended=NIGHT + 3000.0,
        chats=(ME,),
        deeds=[Deed(at=NIGHT - 1000.0, what="split", order="", detail={"name": "INFY-EQ", "factor": 0.5, "price": 74000})],
        shown=[
            said(100.0, 11, "Alert 1 is set: INFY below 1,258."),
            said(NIGHT + 950.0, 12, "🔵 INFY 1,480 → 740: bonus or split?\nAlert 1 waits."),
        ],
        acts=[Act(at=99.0, chat=ME, what="says", text="/alert INFY below 1258")],
    )


def test_nothing_is_found_where_a_split_is_asked_about() -> None:
    assert found(a_split()) == set()


def test_a_split_that_nobody_was_asked_about_is_found() -> None:
    record = a_split()
    record.shown.pop()
    assert found(record) == {"unasked_splits"}


@pytest.mark.parametrize(
    "text", ["🔵 Alert INFY ≤ 1,258.00: 740.00 now", "🔵 P&L exit struck. −2,00,000.00 of all: −2,96,000.00 🔴."]
)
def test_what_takes_the_new_base_for_a_fall_is_misled_until_somebody_answered(text: str) -> None:
    record = a_split()
    record.shown.append(said(NIGHT + 960.0, 13, text))
    assert "misled" in found(record)
    record.acts.append(Act(at=NIGHT + 955.0, chat=ME, what="taps", text="Keep 1", message=12, shown=record.shown[1].text))
    assert "misled" not in found(record)


def test_an_order_at_a_price_of_before_the_split_is_misled() -> None:
    record = a_split()
    detail = {"name": "INFY-EQ", "side": "SELL", "quantity": 20, "channel": "API", "price": 139000, "status": "Transit"}
    record.deeds.append(Deed(at=NIGHT + 960.0, what="order", order="b1", detail=detail))
    assert "misled" in found(record)
    record.deeds[-1].detail["price"] = 69500
    assert "misled" not in found(record)
