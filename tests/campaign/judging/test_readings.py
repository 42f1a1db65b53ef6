"""What is read out of a chat and of the exchange's log where words alone could mean two things."""

import pytest

from tests.campaign.judging.licences import Licences
from tests.campaign.judging.readings import Order, are_told_apart, first_named, from_elsewhere, truth_of
from tests.campaign.judging.test_checker import ME, filled, intraday, said
from tests.campaign.record import Act, Record

KEY = ("BUY", 10, "ITC")
A_DAY = 86_400.0


def an_order(at: float = 5.0, *, end: str) -> Order:
    return Order(id="b1", key=KEY, asked=KEY, at=at, channel="API", price=40000, end=(at + 0.1, end))


def test_of_a_digest_only_the_piece_that_says_so_is_from_elsewhere() -> None:
    digest = said(
        9.0, 12,
        "2 news\n\nAsha sent an order.\n#1 BUY 10 ITC\nopen at 400.00\n\nOrder from elsewhere.\n✅ #2 SELL 9 ITC\nfilled",
    )  # fmt: skip
    assert from_elsewhere([digest]) == {(("SELL", 9, "ITC"), 2)}


@pytest.mark.parametrize("end", ["rejected", "cancelled", "expired"])
def test_an_end_that_was_seen_on_its_day_stays_true_on_the_next(end: str) -> None:
    assert end in truth_of(an_order(end=end), 6.0).split("|")
    assert {end, "cancelled", "expired"} <= set(truth_of(an_order(end=end), 6.0 + A_DAY).split("|"))


def test_an_order_that_nobody_received_is_not_taken_for_the_one_that_was() -> None:
    lost, found_ = said(5.0, 11, "🔵 ❔ #4 BUY 10 ITC\noutcome unknown"), said(8.0, 12, "🔵 #7 BUY 10 ITC\nopen at 400.00")
    assert are_told_apart(KEY, [an_order(end="rejected")], first_named([found_]), set())
    named = first_named([lost, found_])
    assert not are_told_apart(KEY, [an_order(end="rejected")], named, set())
    assert are_told_apart(KEY, [an_order(end="rejected")], named, {(KEY, 7)}), "it is the same, and was not known as ours"


@pytest.mark.parametrize(("tapped", "exits"), [(5.0, set()), (5.0 + A_DAY, {"b1"})])
def test_a_card_that_was_tapped_long_ago_does_not_say_what_an_order_is(tapped: float, exits: set[str]) -> None:
    """It asked for a short, and came to nothing: a panic of the next day that sells as much is a way out."""
    card = "SELL 10 ITC          PAPER\nIntraday (MIS) · NSE"
    record = Record(
        seed=1, ended=2 * A_DAY, chats=(ME,), shown=[],
        deeds=[intraday(1.0, "b0", "BUY", 10), filled(1.1, "b0", 10), intraday(tapped + 0.1, "b1", "SELL", 10)],
        acts=[Act(at=5.0, chat=ME, what="taps", text="Confirm sell", message=11, shown=card)],
    )  # fmt: skip
    assert Licences(record).exits == exits
