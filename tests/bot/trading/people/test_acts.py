"""The record of acts is read with whole contracts, order numbers and names.

The record itself keeps its ids.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.orders.order import Order
from bot.domain.people.account import Role, User
from bot.domain.ports.repositories import Repositories
from bot.simulators.loop import LoopClock
from bot.trading.people.acts import in_words
from bot.trading.people.invitations import take_off_list
from tests.bot.trading.desk.asked import ask
from tests.bot.trading.safety.test_limits import CALL
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import ACCOUNT, NOW, PERSON

RAVI = User(telegram_id=2002, name="Ravi")
NAMES = {PERSON: "Asha", RAVI.telegram_id: "Ravi"}
WHOLE = "NIFTY 24500 CE · 23 Nov (Mon, monthly)"


async def details(stage: DeskStage, *, read: bool) -> dict[str, str]:
    """The newest act of each kind. read: in words, as /audit shows it."""

    def look(db: Repositories) -> dict[str, str]:
        rows = list(reversed(db.audit.page(limit=100)))
        return {what: in_words(db, at, detail, NAMES) if read else detail for _, at, _, what, detail in rows}

    return await stage.store.transaction(look)


async def test_an_option_order_is_on_record_and_told_with_its_whole_name(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, None, NOW))
    order = await stage.tap(await ask(stage, CALL))
    assert isinstance(order, Order)
    changed = await stage.proposals.modify(stage.actor, order.number, price=order.draft.price, quantity=130, chat_id=PERSON)
    await stage.tap(await stage.card(changed, 78), 78)
    await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    written = await details(stage, read=False)
    assert written["order"].startswith(f"{order.id} · before: none, after: BUY 65 {WHOLE} NFO LIMIT NRML 100.00 ")
    assert f"before: BUY 65 {WHOLE} NFO LIMIT NRML 100.00, after: BUY 130 {WHOLE} NFO LIMIT NRML 100.00 " in written["modify"]
    assert f"before: OPEN BUY 130 {WHOLE} NFO LIMIT NRML 100.00, after: asked to cancel" in written["cancel"]
    read = await details(stage, read=True)
    for what in ("order", "modify", "cancel"):
        assert read[what].startswith("#1 BUY 130 NIFTY 24500 CE · 23 Nov (Mon) · before: "), read[what]
        assert order.id not in read[what]
    told = [each for each in await stage.notices() if isinstance(each, ActByOther)]
    assert {each.deed: WHOLE in each.detail for each in told} == {ActionKind.MODIFIED: True, ActionKind.CANCELLED: True}


async def test_an_act_on_an_order_of_another_day_names_that_day(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    later = order.created_at + timedelta(days=3)
    words = await stage.store.transaction(lambda db: in_words(db, later, f"{order.id} · before: UNKNOWN, after: NOT_SEEN", {}))
    assert words == "#1 of 20 Nov BUY 10 RELIANCE · before: UNKNOWN, after: NOT_SEEN"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            "before: stopped by 1001 (no reason given), after: running",
            "before: stopped by Asha (no reason given), after: running",
        ),
        ("invited by 1001 · before: no role, after: trader", "invited by Asha · before: no role, after: trader"),
        ("2002 · before: no role, after: trader", "Ravi · before: no role, after: trader"),
        ("5001 Mama · before: viewer, after: not on the list", "Mama · before: viewer, after: not on the list"),
        ("5001 · before: viewer, after: not on the list", "5001 · before: viewer, after: not on the list"),
        ("given for remove:2002", "given for remove:Ravi"),
        ("given for limits:a1:value:2002", "given for limits:main:value:2002"),
        ("quantity · before: 1001, after: 2002", "quantity · before: 1001, after: 2002"),
        ("2002 · update 1001, tap on message 2002", "Ravi · update 1001, tap on message 2002"),
        ("update 1001, message 2002", "update 1001, message 2002"),
        ("ffffffffffffffffffff · before: none, after: x", "ffffffffffffffffffff · before: none, after: x"),
        ("", ""),
    ],
)
async def test_ids_of_people_and_accounts_become_names_and_other_numbers_stay(clock: LoopClock, written: str, read: str) -> None:
    stage = await set_stage(clock)
    assert await stage.store.transaction(lambda db: in_words(db, NOW, written, NAMES)) == read


async def test_a_pin_that_was_given_for_a_card_says_which(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage, CALL)
    await stage.switch.kill(stage.actor)
    question = await stage.switch.ask_resume(stage.actor, chat_id=PERSON)

    def read(db: Repositories) -> list[str]:
        tokens = (token, question.confirmation.token, "a" * 26)
        return [in_words(db, NOW, f"given for {each}", NAMES) for each in tokens]

    words = await stage.store.transaction(read)
    assert words == ["given for BUY 65 NIFTY 24500 CE · 23 Nov (Mon)", "given for resume", f"given for {'a' * 26}"]


async def test_somebody_who_was_taken_off_the_list_keeps_a_name_on_record(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    mama = replace(RAVI, telegram_id=5001, name="Mama")
    await stage.store.transaction(lambda db: db.people.add(mama, Role.VIEWER, ACCOUNT.id, NOW))
    assert await stage.store.transaction(lambda db: take_off_list(db, 5001, NOW))
    assert (await details(stage, read=True))["person removed"] == "Mama · before: viewer of main, after: not on the list"
