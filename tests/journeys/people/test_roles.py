"""What each role can bring about at the broker and in the records: every command and button, over the whole house."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.domain.market.instrument import InstrumentKey
from bot.domain.people.account import Role
from bot.domain.ports.repositories import Repositories
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from handlers.views.taps.tap import decode, encode
from handlers.views.taps.taps import CardTap, CardVerb, EntriesTap, ExitTap, OrderTap, OrderVerb, WordsTap
from tests.stage.house import House, a_house

SECOND = 5001
TRYING = (
    "b itc 5", "b itc 5 @380", "s itc 4 mis", "s itc 30 mis", "s sbin 5", "b itc 5 mis", "modify 2 381", "cancel 2", "cancel all",
    "limits value 10", "limits loss 1", "limits holdings on", "limits lock", "people add owner", "people remove Asha",
    "link evil", "unlink main", "resume", "audit", "status full", "login", "logout", "login all", "login page", "123456",
)  # fmt: skip


def kept(db: Repositories) -> dict[str, Any]:
    """What only an owner changes."""
    account = db.accounts.all()[0]
    return {
        "people": db.people.all(),
        "accounts": db.accounts.all(),
        "limits": [db.limits.on(account.id, day) for day in DAYS],
        "session": db.accounts.session(account.id) is not None,
    }


DAYS: list[Any] = []


async def try_everything(house: House, person: ScriptedPerson) -> None:
    """Words, then every button that is seen or could be made up on every message, and Confirm wherever it stands."""
    for words in TRYING:
        person.say(words)
        await asyncio.sleep(4)
        for each in person.history()[-2:]:
            for data in [item["data"] for row in each["buttons"] for item in row if "data" in item]:
                tap = decode(data)
                if isinstance(tap, CardTap) and tap.verb in (CardVerb.CONFIRM, CardVerb.YES, CardVerb.UNLINK):
                    person.forge(each["id"], data)
                    await asyncio.sleep(3)
    under = person.history()[-1]["id"]
    order_ids = [order.id for order in await house.orders()]
    made_up = [encode(OrderTap(order_id, verb)) for order_id in order_ids for verb in OrderVerb]
    itc = next(order.draft.instrument.key for order in await house.orders())
    made_up += [encode(ExitTap(InstrumentKey(itc.exchange, itc.token), product)) for product in Product]
    made_up += [encode(EntriesTap()), encode(WordsTap("/buy ITC 3")), encode(WordsTap("/resume"))]
    for data in made_up:
        person.forge(under, data)
        await asyncio.sleep(2)
        newest = person.history()[-1]
        for each in [item["data"] for row in newest["buttons"] for item in row if "data" in item]:
            tap = decode(each)
            if isinstance(tap, CardTap) and tap.verb in (CardVerb.CONFIRM, CardVerb.YES, CardVerb.UNLINK):
                person.forge(newest["id"], each)
                await asyncio.sleep(3)


@pytest.mark.parametrize("role", [pytest.param(Role.VIEWER, marks=pytest.mark.core), Role.GUARDIAN, Role.TRADER])
async def test_no_role_brings_about_more_than_it_carries(role: Role, clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        for words in ("/buy ITC 20 mis", "/buy ITC 2 @380"):
            house.me.press("Confirm buy", await house.me.ask(words, "BUY"))
            await asyncio.sleep(8)
        other = await house.join(SECOND, "Ravi", role)
        assert house.store is not None
        ours = len(await house.orders())
        DAYS[:] = [clock.now().date()]
        before = await house.store.transaction(kept)
        await try_everything(house, other)
        after = await house.store.transaction(kept)
        made = (await house.orders())[ours:]
        if role is not Role.TRADER:
            assert after == before, "neither limits nor people, accounts or the session moved"
        assert (after["people"], after["accounts"], after["limits"]) == (before["people"], before["accounts"], before["limits"])
        second = (await house.orders())[1]
        left = 20 + sum(order.filled * order.draft.side.sign for order in made if order.draft.product is Product.MIS)
        match role:
            case Role.VIEWER:
                assert made == []
                assert (second.cancelled_by, left) == (None, 20)
            case Role.GUARDIAN:
                assert made, "it did reduce"
                assert {(order.draft.side.value, order.draft.product) for order in made} == {("SELL", Product.MIS)}
                assert 0 <= left < 20, "and never crossed zero"
                assert second.cancelled_by == SECOND
                assert second.draft.price == 380, "and changed no order's terms"
            case _:
                assert any(order.draft.side.value == "BUY" for order in made)
        assert {order.placed_by for order in made} <= {SECOND}
