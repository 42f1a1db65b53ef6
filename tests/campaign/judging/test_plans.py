"""The checker finds a leg that went too early, a strike that rang twice and a figure that is not the exchange's."""

import pytest

from tests.campaign.judging.checker import judge
from tests.campaign.record import Act, Deed, Record, Shown

ME = 7
BASKET = "BASKET 2 orders\n1 BUY  65 24800 CE  m 84.70\n2 SELL 65 24500 CE  m 98.00\n sent after 1 is filled\nuntil 09:01:00"
STRUCK = "🔵 P&L exit struck. −200.00 of all ITC: −210.00 🔴. It closes 1 row."
POSITIONS = (
    "POSITIONS 🔵 main        PAPER\n as of 09:02:45\nNF 24500CE 23Nov NRML\n             −65  +58.50 🟢\nITC MIS  +10  +1.00 🟢"
)


def kinds(record: Record) -> set[str]:
    plans = {"uncovered", "rung_again", "false_figures"}
    return {kind for kind, found in judge(record).wrong.items() if found and kind in plans}


def placed(at: float, number: str, side: str, strike: int) -> Deed:
    detail = {"name": f"NIFTY26NOV{strike}CE", "side": side, "quantity": 65, "channel": "API", "price": 100, "status": "Transit",
              "product": "CARRYFORWARD"}  # fmt: skip
    return Deed(at=at, what="order", order=number, detail=detail)


def said(at: float, message: int, text: str) -> Shown:
    return Shown(at=at, chat=ME, what="message", message=message, text=text)


def tapped(at: float, label: str, shown: str) -> Act:
    return Act(at=at, chat=ME, what="taps", text=label, message=11, shown=shown)


@pytest.mark.parametrize(("filled", "answer", "found"), [(5.2, None, set()), (9.0, None, {"uncovered"}), (9.0, "Yes", set())])
def test_a_short_that_went_before_its_cover_was_filled_is_uncovered_unless_a_person_said_so(
    filled: float, answer: str | None, found: set[str]
) -> None:
    acts = [tapped(5.0, "Confirm both", BASKET)] + ([tapped(5.5, answer, "its loss has no floor")] if answer else [])
    cover, short = placed(5.1, "b1", "BUY", 24800), placed(6.0, "b2", "SELL", 24500)
    deeds = [cover, Deed(at=filled, what="fill", order="b1", detail={"filled": 65}), short]
    shown = [said(1.0, 11, BASKET)]
    record = Record(seed=1, ended=200.0, chats=(ME,), deeds=sorted(deeds, key=lambda deed: deed.at), shown=shown, acts=acts)
    assert kinds(record) == found


@pytest.mark.parametrize(("remark", "found"), [("", {"rung_again"}), (" · n 13", set())])
def test_a_second_strike_of_one_pnl_exit_has_rung_again_unless_it_is_a_copy(remark: str, found: set[str]) -> None:
    card = "P&L EXIT                 PAPER\nall ITC"
    shown = [said(1.0, 11, card), said(9.0, 12, STRUCK), said(20.0, 13, STRUCK + remark)]
    assert kinds(Record(seed=1, ended=200.0, chats=(ME,), shown=shown, acts=[tapped(5.0, "Confirm", card)])) == found


@pytest.mark.parametrize(("net", "found"), [(-65, set()), (-130, {"false_figures"})])
def test_positions_that_are_not_the_exchanges_are_false(net: int, found: set[str]) -> None:
    held = {("NIFTY26NOV24500CE", "CARRYFORWARD"): net, ("ITC-EQ", "INTRADAY"): 10}
    record = Record(seed=1, ended=200.0, chats=(ME,), shown=[said(101.0, 12, POSITIONS)], figures_at=100.0, held=held)
    assert kinds(record) == found
