"""The checker finds what went on after an account or a person was gone, what was not named, and a login that did not ring."""

from dataclasses import replace

import pytest

from tests.campaign.judging.checker import judge
from tests.campaign.judging.test_checker import CARD, FILLED, ME, a_good_day, found, intraday, order, said
from tests.campaign.record import Act, Deed, Record, Shown, Trouble

PAPA = 8
UNLINK = "Unlink 🔵 main? (MA••••1)\n1 open order stays at mStock, and nobody here watches it:\n#1 BUY 10 ITC: open at 400.00"


def unlinked() -> Record:
    """A good day, and an order that rests while the account is unlinked and linked again."""
    record = a_good_day()
    record.deeds[1:] = [Deed(at=150.0, what="fill", order="b1", detail={"filled": 10})]
    record.shown[1:] = [
        said(20.0, 12, UNLINK), said(31.0, 12, "Unlinked 🔵 main. (MA••••1)", what="edit"),
        said(150.2, 11, "🔵 ✅ #1 BUY 10 ITC\nfilled, avg 400.00", what="edit"), said(150.5, 13, FILLED),
    ]  # fmt: skip
    record.acts.append(Act(at=30.0, chat=ME, what="taps", text="Yes, unlink", message=12, shown=UNLINK))
    record.troubles.append(Trouble(kind="unlinked", side="bot", began=30.0, ended=90.0))
    return record


def test_nothing_is_found_where_an_account_goes_and_comes_again() -> None:
    assert found(unlinked()) == set()


@pytest.mark.parametrize(("at", "kinds"), [(60.0, {"after_parting"}), (120.0, set()), (31.5, set())])
def test_a_change_that_leaves_while_the_account_is_not_linked_came_after_the_parting(at: float, kinds: set[str]) -> None:
    record = unlinked()
    record.deeds.insert(1, Deed(at=at, what="modified", order="b1", detail={"price": 40000, "quantity": 10}))
    assert found(record) & {"after_parting"} == kinds


@pytest.mark.parametrize("was", ["#1 BUY 10 ITC", "+7 TCS MIS"])
def test_what_is_open_and_not_named_by_the_question_to_unlink_is_found(was: str) -> None:
    record = unlinked()
    record.deeds[:0] = [
        intraday(1.0, "b0", "BUY", 7, share="TCS", channel="WEB"),
        Deed(at=1.1, what="fill", order="b0", detail={"filled": 7}),
    ]
    record.shown.append(said(1.5, 9, "Order from elsewhere.\n#9 BUY 7 TCS: filled, avg 400.00"))
    whole = f"{UNLINK}\n1 open position:\n+7 TCS MIS"

    def asked(text: str) -> set[str]:
        record.shown[1] = replace(record.shown[1], text=text)
        record.acts[-1] = replace(record.acts[-1], shown=text)
        return found(record) & {"unnamed"}

    assert asked(whole) == set()
    assert asked(whole.replace(was, "")) == {"unnamed"}


def off_the_list(*more: Shown) -> Record:
    """A good day of somebody who is taken off the list, and of the owner who hears all of it."""
    record = a_good_day()
    owner = [replace(each, chat=PAPA) for each in record.shown[2:]]
    record.chats = (PAPA, ME)
    told = Shown(at=3.0, chat=PAPA, what="message", message=40, text="Papa is off the list.")
    record.shown = [record.shown[0], told, *owner, *more]
    record.acts = [record.acts[0], replace(record.acts[1], at=2.0)]
    record.deeds = [order(2.1), Deed(at=5.2, what="fill", order="b1", detail={"filled": 10})]
    record.troubles = [Trouble(kind="off_the_list", side="people", began=2.9, ended=100.0, chat=ME)]
    return record


def test_a_person_who_is_off_the_list_is_owed_nothing() -> None:
    assert found(off_the_list()) == set()


def test_a_message_to_a_person_who_is_off_the_list_is_overheard() -> None:
    assert found(off_the_list(said(5.5, 12, FILLED))) == {"overheard"}
    assert found(off_the_list(said(5.5, 12, FILLED), said(101.0, 13, "Welcome."))) == {"overheard"}


def test_what_a_person_confirmed_opens_nothing_once_they_are_off_the_list() -> None:
    record = off_the_list()
    record.deeds = [order(4.5), Deed(at=5.2, what="fill", order="b1", detail={"filled": 10})]
    assert found(record) == {"unconfirmed"}
    record.acts[1] = replace(record.acts[1], at=4.2)
    assert found(record) == {"unconfirmed"}, "a tap of somebody off the list is none"


@pytest.mark.parametrize(("rung", "kinds"), [(None, {"unrung_logins"}), ("🔵 mStock ended our session. At 09:00:21.", set())])
def test_a_login_elsewhere_has_to_ring(rung: str | None, kinds: set[str]) -> None:
    record = replace(a_good_day(), ended=400.0)
    record.troubles = [Trouble(kind="other_login", side="broker", began=20.0, ended=21.0)]
    if rung is not None:
        record.shown.append(said(22.0, 30, rung))
    assert found(record) == kinds


# Orders that are alike, and what closes.


def in_the_app(number: str = "w1") -> Deed:
    return replace(order(6.0, number, "WEB"))


def test_an_order_of_the_app_that_equals_ours_is_none_of_ours() -> None:
    record = a_good_day()
    record.deeds = [in_the_app()]
    record.shown[1:] = [
        said(6.0, 12, "Order from elsewhere.\n#2 BUY 10 ITC\nopen at 400.00 since 09:00:06"),
        said(7.0, 11, "🔵 ❔ #1 BUY 10 ITC\noutcome unknown", what="edit"),
    ]
    assert found(record) == set(), "ours never came to the exchange, and the card says so"
    record.shown[-1] = said(7.0, 11, "🔵 #1 BUY 10 ITC\nopen at 400.00", what="edit")
    assert found(record) == {"untrue_cards"}


def test_an_order_that_equals_one_of_the_day_before_is_another_one() -> None:
    record = replace(a_good_day(), ended=90_000.0)
    record.deeds = [order(86_500.0)]
    record.shown[1:] = [said(7.0, 11, "🔵 ❔ #1 BUY 10 ITC\noutcome unknown", what="edit")]
    assert "untrue_cards" not in found(record), "the one of yesterday never came to the exchange"


def test_each_of_two_that_are_alike_is_told_by_its_number() -> None:
    record = a_good_day()
    record.deeds.append(in_the_app())
    record.shown.append(said(6.0, 14, "Order from elsewhere.\n#2 BUY 10 ITC\nopen at 400.00 since 09:00:06"))
    assert found(record) == set()
    record.deeds.append(Deed(at=8.0, what="fill", order="w1", detail={"filled": 10}))
    assert found(record) == {"lost"}
    record.shown.append(said(8.5, 15, FILLED.replace("#1", "#2")))
    assert found(record) == set()


SHORT = "SELL 10 ITC          PAPER\nStop                  390.00\n{}⚠️ Opens a short of 10\nuntil 09:01:00"


@pytest.mark.parametrize(("closes", "kinds"), [("", set()), ("Closes                10 of 10\n", {"oversold"})])
def test_a_second_sale_is_a_way_out_only_where_its_card_says_that_it_closes(closes: str, kinds: set[str]) -> None:
    record = a_good_day()
    record.deeds = [intraday(5.1, "b1", "BUY", 10), Deed(at=5.2, what="fill", order="b1", detail={"filled": 10})]
    record.shown += [said(48.0, 13, EXIT), said(68.0, 14, SHORT.format(closes))]
    record.deeds += [
        intraday(50.1, "b2", "SELL", 10),
        intraday(70.1, "b3", "SELL", 10),
        Deed(at=80.0, what="cancelled", order="b2"),
    ]
    record.acts += [
        Act(at=50.0, chat=ME, what="taps", text="Confirm sell", message=13, shown=EXIT),
        Act(at=70.0, chat=ME, what="taps", text="Confirm sell", message=14, shown=SHORT.format(closes)),
    ]
    assert found(record) & {"oversold"} == kinds


EXIT = CARD.replace("BUY", "SELL") + "\nCloses                10 of 10"


def test_kinds_are_all_counted() -> None:
    assert {"after_parting", "unnamed", "overheard", "unrung_logins", "untold_fates", "misled", "unasked_splits"} <= set(
        judge(a_good_day()).wrong
    )
