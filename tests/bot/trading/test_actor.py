"""Who acts: without an account every act says the same sentence, and each act asks the role and the lock that are stored."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import NotAllowed, PersonError, PhoneLocked
from bot.domain.orders.order import OrderRequest
from bot.domain.people.account import Actor, Role, User
from bot.domain.ports.repositories import Repositories
from bot.domain.proposals.proposal import Killed
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.desk.asked import ask
from tests.stage.access import access
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import ACCOUNT, NOW, PERSON

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)
ACTS: dict[str, Callable[[DeskStage, Actor], Awaitable[object]]] = {
    "an order": lambda stage, actor: stage.proposals.propose(actor, BUY, chat_id=PERSON),
    "a cancel": lambda stage, actor: stage.orders.cancel(actor, 1, chat_id=PERSON),
    "all cancels": lambda stage, actor: stage.orders.cancel_all(actor),
    "the kill switch": lambda stage, actor: stage.switch.kill(actor),
    "its end": lambda stage, actor: stage.switch.ask_resume(actor, chat_id=PERSON),
    "the limits": lambda stage, actor: access(stage).limits.show(actor),
}


@pytest.mark.parametrize("act", ACTS)
async def test_without_an_account_every_act_says_how_one_is_linked(act: str, clock: LoopClock) -> None:
    stage = await set_stage(clock)
    with pytest.raises(PersonError) as refused:
        await ACTS[act](stage, replace(stage.actor, account=None))
    assert refused.value.say == "No mStock account is linked yet. /link says how."


# What writes -> the act, and the highest role that may not do it.
WRITING: dict[str, tuple[Callable[[DeskStage], Awaitable[object]], Role]] = {
    "an order": (lambda stage: stage.proposals.propose(stage.actor, BUY, chat_id=PERSON), Role.VIEWER),
    "new terms": (
        lambda stage: stage.proposals.modify(stage.actor, 1, price=Decimal("1476.00"), quantity=None, chat_id=PERSON),
        Role.GUARDIAN,
    ),
    "a cancel": (lambda stage: stage.orders.cancel(stage.actor, 1, chat_id=PERSON), Role.VIEWER),
    "all cancels": (lambda stage: stage.orders.cancel_all(stage.actor), Role.VIEWER),
    "the kill switch": (lambda stage: stage.switch.kill(stage.actor), Role.VIEWER),
    "its end": (lambda stage: stage.switch.ask_resume(stage.actor, chat_id=PERSON), Role.TRADER),
    "a limit": (lambda stage: access(stage).limits.change(stage.actor, "quantity", 5), Role.TRADER),
    "the day's lock": (lambda stage: access(stage).limits.lock_day(stage.actor), Role.GUARDIAN),
    "an invitation": (lambda stage: access(stage).invitations.invite(stage.actor, Role.VIEWER, None), Role.TRADER),
    "a removal": (lambda stage: access(stage).invitations.remove(stage.actor, "Ravi"), Role.TRADER),
    "a login": (lambda stage: stage.core.logins.login(stage.actor), Role.GUARDIAN),
}
RAVI = User(telegram_id=2002, name="Ravi")


async def with_an_order_and_ravi(clock: LoopClock) -> DeskStage:
    stage = await set_stage(clock)
    await stage.tap(await ask(stage))
    await stage.store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, None, clock.now()))
    return stage


def written(db: Repositories) -> object:
    """All that the acts of the table could write, but for questions, which the next test of each act would see."""
    day = (db.limits.on(ACCOUNT.id, NOW.date()), db.limits.day_lock(ACCOUNT.id, NOW.date()))
    return db.people.all(), db.orders.unsettled(ACCOUNT.id), db.stops.stopped(ACCOUNT.id), day, db.audit.page(None, 100, None)


@pytest.mark.parametrize("act", WRITING)
async def test_a_role_lost_since_the_gate_asked_stops_the_act_in_its_transaction(act: str, clock: LoopClock) -> None:
    stage = await with_an_order_and_ravi(clock)
    carry_out, role = WRITING[act]
    await stage.becomes(role)
    before = await stage.store.transaction(written)
    with pytest.raises(NotAllowed):
        await carry_out(stage)
    assert await stage.store.transaction(written) == before
    assert stage.broker.cancels == []


@pytest.mark.parametrize("act", WRITING)
async def test_a_phone_locked_since_the_gate_asked_stops_every_act_but_the_kill_switch(act: str, clock: LoopClock) -> None:
    stage = await with_an_order_and_ravi(clock)
    await stage.store.transaction(lambda db: db.pins.lock_phone(PERSON, clock.now()))
    if act == "the kill switch":
        assert isinstance(await WRITING[act][0](stage), Killed)
        return
    before = await stage.store.transaction(written)
    with pytest.raises(PhoneLocked):
        await WRITING[act][0](stage)
    assert await stage.store.transaction(written) == before
    assert stage.broker.cancels == []
