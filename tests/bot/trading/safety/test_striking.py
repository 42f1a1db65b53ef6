"""What stops entries strikes off the entries that a plan has not sent yet.

Its way out lives on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.news.orders.later_cards import LaterCardStruck
from bot.domain.news.orders.orders import SlicesStruck
from bot.domain.people.account import Role, User
from bot.domain.plans.plan import Attached, LegKind, LegState, Plan, PlanState
from bot.domain.ports.repositories import Repositories
from bot.domain.proposals.later_card import LaterCard, LaterState
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock
from bot.trading.people.invitations import put_on_list
from tests.stage.floor import ITC, FloorStage, set_floor
from tests.stage.values.orders import a_draft
from tests.storage.samples import ACCOUNT, PERSON

WAYS: dict[str, Callable[[FloorStage], Awaitable[object]]] = {}


def way(act: Callable[[FloorStage], Awaitable[object]]) -> Callable[[FloorStage], Awaitable[object]]:
    WAYS[act.__name__] = act
    return act


@way
async def kill(stage: FloorStage) -> None:
    await stage.desk.switch.kill(stage.desk.actor)


@way
async def panic(stage: FloorStage) -> None:
    stage.broker.opens(ITC, 5, Product.MIS)
    await stage.tap(await stage.ask_panic())


@way
async def day_locked(stage: FloorStage) -> None:
    await stage.desk.core.services.limits.lock_day(stage.desk.actor)


@way
async def person_removed(stage: FloorStage) -> None:
    now = stage.desk.clock.now()
    await stage.desk.store.transaction(lambda db: db.people.add(User(telegram_id=PERSON + 1, name="Ravi"), Role.OWNER, None, now))
    other = replace(stage.desk.actor, user=User(telegram_id=PERSON + 1, name="Ravi"))
    await stage.desk.core.services.invitations.remove(other, str(PERSON))


@way
async def role_lowered(stage: FloorStage) -> None:
    now = stage.desk.clock.now()
    user = User(telegram_id=PERSON, name="Asha")
    await stage.desk.store.transaction(lambda db: put_on_list(db, user, Role.GUARDIAN, ACCOUNT.id, now))


@pytest.mark.parametrize("name", WAYS)
async def test_the_entries_that_were_not_sent_are_struck_off_and_the_stop_is_not(name: str, clock: LoopClock) -> None:
    stage = await set_floor(clock)
    now = clock.now()
    attached = Attached(stop=Decimal("1450.00"), stop_limit=Decimal("1440.00"))
    plan = Plan(
        id="p1",
        account_id=ACCOUNT.id,
        placed_by=PERSON,
        state=PlanState.ALIVE,
        legs=attached.legs(a_draft()),
        until=now + timedelta(hours=1),
        created_at=now,
    )
    later = LaterCard(account_id=ACCOUNT.id, by=PERSON, draft=a_draft(), closes=False, due=now + timedelta(hours=9), made_at=now)
    ways_out = replace(later, closes=True)

    def add(db: Repositories) -> tuple[int, int]:
        db.plans.add(plan)
        return db.later_cards.add(later).id, db.later_cards.add(ways_out).id

    entry, exit_ = await stage.desk.store.transaction(add)
    await WAYS[name](stage)
    after = await stage.desk.store.transaction(lambda db: db.plans.find("p1"))
    assert after is not None
    assert {leg.kind: leg.state for leg in after.legs} == {LegKind.ENTRY: LegState.STRUCK, LegKind.STOP: LegState.WAITING}
    kept = {card.id: card.state for each in (entry, exit_) if (card := await found(stage, each)) is not None}
    assert kept == {entry: LaterState.STRUCK, exit_: LaterState.WAITING}, "a way out is still asked for"
    told = {type(notice) for notice in await stage.desk.notices()}
    assert told >= {SlicesStruck, LaterCardStruck}, "nothing is struck off in silence"


async def test_another_role_that_may_open_strikes_off_nothing(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    now, user = clock.now(), User(telegram_id=PERSON, name="Asha")
    later = LaterCard(account_id=ACCOUNT.id, by=PERSON, draft=a_draft(), closes=False, due=now + timedelta(hours=9), made_at=now)
    card = await stage.desk.store.transaction(lambda db: db.later_cards.add(later))
    await stage.desk.store.transaction(lambda db: put_on_list(db, user, Role.TRADER, ACCOUNT.id, now))
    kept = await found(stage, card.id)
    assert kept is not None
    assert kept.state is LaterState.WAITING


async def found(stage: FloorStage, card_id: int) -> LaterCard | None:
    return await stage.desk.store.transaction(lambda db: db.later_cards.find(card_id))
