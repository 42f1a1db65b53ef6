"""The checker finds what it is for in chats written by hand, and nothing in those of a good day."""

from dataclasses import replace

import pytest

from tests.campaign.judging.checker import judge
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


@pytest.mark.parametrize(
    ("label", "card"),
    [("Confirm buy", CARD), ("Close these", "PANIC      PAPER\n1 SELL 10 ITC\n    until 09:01:00\nThis closes main.")],
)
def test_a_card_that_was_confirmed_and_asks_for_ever_is_untrue(label: str, card: str) -> None:
    record = a_good_day()
    record.deeds, record.shown = [], [said(1.0, 11, card, silent=True)]
    record.acts = [replace(record.acts[1], text=label, shown=card)]
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


def test_a_gap_in_which_a_fill_came_was_not_one_in_which_nothing_was_missed() -> None:
    record = a_good_day()
    record.deeds[1:] = [fill(50.0, 10)]
    record.shown[1:] = [said(91.0, 11, LIVING, what="edit"), said(91.0, 12, FILLED)]
    record.troubles.append(Trouble(kind="killed", side="bot", began=30.0, ended=90.0))
    record.shown.append(said(91.0, 14, "🔵 Back. I was away 09:00:30-09:01:30. Nothing was missed."))
    assert found(record) == {"untrue_gaps"}


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


# Ways out: what was sold, by whose licence, and what is left of it.

EXIT_CARD = "🔵 EXIT SELL 10 ITC MIS      PAPER"
BASKET = "BASKET 2 orders      PAPER\n1 BUY  10 ITC\n2 SELL 10 TCS\nuntil 09:01:00"


def intraday(at: float, number: str, side: str, quantity: int, *, share: str = "ITC", channel: str = "API") -> Deed:
    detail: dict[str, object] = {
        "name": f"{share}-EQ", "side": side, "quantity": quantity, "channel": channel, "price": 40000, "status": "Transit",
        "product": "INTRADAY",
    }  # fmt: skip
    return Deed(at=at, what="order", order=number, detail=detail)


def filled(at: float, number: str, quantity: int) -> Deed:
    return Deed(at=at, what="fill", order=number, detail={"filled": quantity})


def sold(at: float, number: int, quantity: int, share: str = "ITC") -> Shown:
    return said(at, 20 + number, f"Filled #{number} SELL {quantity} {share}, avg 400.00")


def an_exit(quantity: int = 10) -> Record:
    """A good day in an intraday share, and its exit by a card that names it."""
    record = a_good_day()
    record.deeds = [
        intraday(5.1, "b1", "BUY", 10), fill(5.2, 10), intraday(50.1, "b2", "SELL", quantity), filled(50.2, "b2", quantity),
    ]  # fmt: skip
    record.shown += [said(48.0, 13, EXIT_CARD, silent=True), sold(50.5, 2, quantity)]
    record.acts.append(Act(at=50.0, chat=ME, what="taps", text="Confirm sell", message=13, shown=EXIT_CARD))
    return record


def test_nothing_is_found_in_an_exit_that_its_card_names() -> None:
    assert found(an_exit()) == set()


def test_an_exit_of_more_than_is_open_crosses_zero() -> None:
    assert found(an_exit(12)) == {"crossed_zero", "oversold"}


def from_elsewhere(record: Record) -> Record:
    """The position was bought at the broker's own page, so that no card of the entry allows its sale."""
    record.deeds[0].detail["channel"] = "WEB"
    record.acts = record.acts[2:]
    return record


def test_a_card_that_names_the_share_allows_its_sale_wherever_it_was_bought() -> None:
    assert found(from_elsewhere(an_exit())) == set()


@pytest.mark.parametrize("named", [None, "TCS"])
def test_a_sale_that_no_tapped_card_named_has_no_licence(named: str | None) -> None:
    record = from_elsewhere(an_exit())
    (tap,) = record.acts
    record.acts = [] if named is None else [replace(tap, shown=EXIT_CARD.replace("ITC", named))]
    assert found(record) == {"unlicensed"}


def test_a_stop_that_works_on_when_its_position_is_gone_is_left_over() -> None:
    record = an_exit()
    record.deeds.append(intraday(51.0, "b3", "SELL", 9))
    assert found(record) == {"left_over"}
    record.deeds[-1].detail["kind"] = "STOPLOSS_LIMIT"
    record.deeds.append(Deed(at=52.0, what="cancelled", order="b3"))
    assert found(record) == set()


def test_flat_that_is_said_while_something_is_open_is_untrue_unless_the_books_lied() -> None:
    record = an_exit()
    record.shown.append(said(40.0, 30, "🔵 Flat at 09:00:40. 1 row closed in 1 order.\nmain · PAPER"))
    assert found(record) == {"untrue_flats"}
    record.troubles.append(Trouble(kind="book_empty", side="broker", began=35.0, ended=39.0))
    assert found(record) == set()


def test_flat_that_is_heard_late_is_judged_at_the_moment_that_it_names() -> None:
    record = an_exit()
    record.shown.append(said(40.0, 30, "🔵 Flat at 09:00:02. 1 row closed in 1 order.\nmain · PAPER"))
    assert found(record) == set()


@pytest.mark.parametrize(("until", "owed"), [(300.0, {"lost", "silent_ends"}), (100_000.0, set())])
def test_what_happened_while_no_bot_ran_is_owed_until_the_day_is_another_one(until: float, owed: set[str]) -> None:
    record = a_good_day()
    record.ended = 100_100.0
    record.troubles = [
        Trouble(kind="killed", side="bot", began=20.0, ended=25.0), Trouble(kind="stopped", side="bot", began=25.0, ended=until),
    ]  # fmt: skip
    detail = {"name": "TCS-EQ", "side": "BUY", "quantity": 8, "channel": "WEB", "price": 1, "status": "Open"}
    record.deeds += [Deed(at=30.0, what="order", order="b9", detail=detail), filled(31.0, "b9", 4)]
    record.deeds += [Deed(at=32.0, what="cancelled", order="b9")]
    assert found(record) & {"lost", "silent_ends"} == owed


def test_an_order_that_the_exchange_rejects_has_rung_where_it_was_told_as_refused() -> None:
    record = a_good_day()
    record.deeds[1] = Deed(at=5.2, what="rejected", order="b1")
    record.shown[1:] = [
        said(5.4, 11, "🔵 ✖️ #1 BUY 10 ITC\nrejected by mStock", what="edit"),
        said(5.5, 12, "🔵 Refused #1 BUY 10 ITC\nAn answer is no proof."),
    ]
    assert found(record) == set()
    record.shown.pop()
    assert found(record) == {"silent_ends"}


def test_flat_that_is_said_after_the_last_sale_is_true() -> None:
    record = an_exit()
    record.shown.append(said(55.0, 30, "🔵 Flat at 09:00:55. 1 row closed in 1 order.\nmain · PAPER"))
    assert found(record) == set()


def a_basket(without: str = "none") -> Record:
    """A basket confirmed as a whole: ten ITC bought, then ten TCS sold that were bought elsewhere. One row may be missing."""
    record = a_good_day()
    shown = "\n".join(line for line in BASKET.splitlines() if not line.startswith(without))
    record.deeds = [
        intraday(3.0, "b0", "BUY", 10, share="TCS", channel="WEB"), filled(3.1, "b0", 10),
        intraday(5.1, "b1", "BUY", 10), fill(5.2, 10),
        intraday(6.1, "b2", "SELL", 10, share="TCS"), filled(6.2, "b2", 10),
    ]  # fmt: skip
    record.shown = [
        said(1.0, 11, shown, silent=True), said(5.3, 11, "Basket main (PAPER) · 2 of 2 filled", what="edit"),
        said(3.5, 14, "Order from elsewhere.\n#3 BUY 10 TCS: filled, avg 400.00"),
        said(5.5, 12, FILLED), sold(6.5, 2, 10, "TCS"),
    ]  # fmt: skip
    record.acts = [Act(at=5.0, chat=ME, what="taps", text="Confirm basket", message=11, shown=shown)]
    return record


@pytest.mark.parametrize(("without", "kinds"), [("none", set()), ("1", {"unconfirmed"}), ("2", {"unlicensed"})])
def test_a_baskets_card_is_the_licence_of_each_of_its_rows_and_of_nothing_else(without: str, kinds: set[str]) -> None:
    assert found(a_basket(without)) == kinds
