"""The checker finds what it is for in chats written by hand, and nothing in those of a good day."""

from dataclasses import replace

import pytest

from tests.campaign.checker import judge
from tests.campaign.record import Act, Deed, Record, Shown, Trouble

ME = 7
CARD = "🔵 BUY 10 ITC          PAPER\nuntil 09:01:00"
FILLED = "🔵 Filled #1 BUY 10 ITC, avg 400.00\nmain · PAPER"
LIVING = "🔵 ✅ #1 BUY 10 ITC\nfilled, avg 400.00\nmain · PAPER"


def said(at: float, message: int, text: str, *, what: str = "message", silent: bool = False) -> Shown:
    return Shown(at=at, chat=ME, what=what, message=message, text=text, silent=silent)


def order(at: float = 5.1, number: str = "b1", channel: str = "API") -> Deed:
    detail = {"name": "ITC-EQ", "side": "BUY", "quantity": 10, "channel": channel, "price": 40000, "status": "Transit"}
    return Deed(at=at, what="order", order=number, detail=detail)


def fill(at: float, filled: int) -> Deed:
    return Deed(at=at, what="fill", order="b1", detail={"filled": filled})


def a_good_day() -> Record:
    """A card, its Confirm, an order, a fill, its news and its card."""
    return Record(
        seed=1,
        ended=200.0,
        chats=(ME,),
        deeds=[order(), fill(5.2, 10)],
        shown=[
            said(1.0, 11, CARD, silent=True),
            said(5.4, 11, LIVING, what="edit"),
            said(5.5, 12, FILLED),
        ],
        acts=[
            Act(at=0.5, chat=ME, what="says", text="/buy ITC 10"),
            Act(at=5.0, chat=ME, what="taps", text="Confirm buy", message=11, shown=CARD),
        ],
    )


def found(record: Record) -> set[str]:
    return {kind for kind, sentences in judge(record).wrong.items() if sentences}


def test_nothing_is_found_on_a_good_day() -> None:
    assert found(a_good_day()) == set()


def test_a_fill_that_nobody_was_told_of_is_lost() -> None:
    record = a_good_day()
    record.shown.pop()
    assert found(record) == {"lost"}


@pytest.mark.parametrize(("remark", "kinds"), [("", {"doubled"}), (" · n 12", set())])
def test_a_second_message_of_one_fill_must_carry_its_number(remark: str, kinds: set[str]) -> None:
    record = a_good_day()
    record.shown.append(said(9.0, 13, FILLED + remark))
    assert found(record) == kinds


def test_a_sum_that_the_exchange_never_had_is_taken_for_another_fill() -> None:
    record = a_good_day()
    record.shown.append(said(5.3, 13, "Partly filled #1 BUY 4/10 ITC, avg 400.00"))
    assert found(record) == {"doubled"}


def test_a_part_told_after_the_whole_is_out_of_order() -> None:
    record = a_good_day()
    record.deeds[1:] = [fill(5.2, 4), fill(5.3, 10)]
    record.shown.append(said(6.0, 13, "Partly filled #1 BUY 4/10 ITC, avg 400.00"))
    assert found(record) == {"misordered"}


def test_a_whole_fill_that_was_only_written_into_the_parts_message_did_not_ring() -> None:
    record = a_good_day()
    record.deeds[1:] = [fill(5.2, 4), fill(5.3, 10)]
    record.shown[2:] = [said(5.3, 12, "Partly filled #1 BUY 4/10 ITC, avg 400.00"), said(5.5, 12, FILLED, what="edit")]
    assert found(record) == {"silent_ends"}


@pytest.mark.parametrize(("silent", "kinds"), [(False, set()), (True, {"silent_ends"})])
def test_an_end_that_nobody_wished_for_has_to_ring(silent: bool, kinds: set[str]) -> None:
    record = a_good_day()
    record.deeds[1:] = [Deed(at=8.0, what="cancelled", order="b1")]
    record.shown[1:] = [
        said(9.0, 11, "🔵 #1 BUY 10 ITC\ncancelled, nothing filled", what="edit"),
        said(9.0, 12, "Cancelled #1 BUY 10 ITC\nNothing was filled.", silent=silent),
    ]
    assert found(record) == kinds


def test_a_card_that_says_open_of_a_filled_order_is_untrue() -> None:
    record = a_good_day()
    record.shown[1] = said(5.4, 11, "🔵 #1 BUY 10 ITC\nopen at 400.00", what="edit")
    assert found(record) == {"untrue_cards"}


def test_a_second_order_of_one_confirmed_card_is_a_duplicate() -> None:
    record = a_good_day()
    record.deeds.append(order(5.6, "b2"))
    assert "duplicate_orders" in found(record)


@pytest.mark.parametrize("tapped", [None, 75.0])
def test_an_order_without_a_tap_in_its_cards_time_was_not_confirmed(tapped: float | None) -> None:
    record = a_good_day()
    tap = record.acts.pop()
    late = 70.0 if tapped else 0.0
    record.deeds = [replace(deed, at=deed.at + late) for deed in record.deeds]
    record.shown[1:] = [replace(shown, at=shown.at + late) for shown in record.shown[1:]]
    if tapped:
        record.acts.append(replace(tap, at=tapped))
    assert found(record) == {"unconfirmed"}


def test_an_absence_in_which_an_order_worked_has_to_be_told() -> None:
    record = a_good_day()
    record.deeds[1:] = [fill(150.0, 10)]
    record.shown[1:] = [said(150.2, 11, LIVING, what="edit"), said(150.5, 12, FILLED)]
    record.troubles.append(Trouble(kind="killed", side="bot", began=30.0, ended=90.0))
    assert found(record) == {"unannounced_gaps"}
    record.shown.append(said(91.0, 14, "🔵 Back. I was away 09:00:30-09:01:30. Nothing was missed."))
    assert found(record) == set()


def test_a_fill_told_late_although_nothing_stood_in_the_way_is_delayed() -> None:
    record = a_good_day()
    record.shown[2] = said(60.0, 12, FILLED)
    assert found(record) == {"delayed"}
    record.troubles.append(Trouble(kind="telegram_down", side="telegram", began=4.0, ended=50.0))
    assert found(record) == set()


def test_words_without_any_answer_and_a_secret_in_the_log_are_found() -> None:
    record = a_good_day()
    record.acts.append(Act(at=50.0, chat=ME, what="says", text="/buy TCS 20"))
    record.log, record.secrets = "ERROR calling /bot7:s3cret/getMe", ("s3cret",)
    assert found(record) == {"unanswered", "secrets_out"}
