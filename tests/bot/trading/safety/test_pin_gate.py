"""What waits for the PIN: an order, going live, an end of the kill switch, a sealed phone (T1)."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import BotError, CheckFailed, ConfirmationGone, NotFound, PhoneLocked, PinClosed, PinWanted
from bot.domain.orders.order import Order, OrderRequest
from bot.domain.people.access import Pad, PadEnded, PadStep, PadUse
from bot.domain.people.account import Permission, Role
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.people.invitations import unlock
from bot.trading.safety.lockdown import lift_lockdown, lock_down
from bot.trading.safety.pins import TRIES, begin_mode
from tests.bot.trading.desk.asked import LIMIT, a_position, ask
from tests.bot.trading.safety.test_pins import WRONG, miss
from tests.stage.access import PIN, access
from tests.stage.desk import set_stage
from tests.storage.samples import ACCOUNT, PERSON


async def test_without_a_pin_nothing_is_asked(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await access(stage).put(ask_pin_above=Decimal(1))
    assert isinstance(await stage.tap(await ask(stage)), Order)


async def test_above_the_soft_limit_the_order_waits_for_the_pin_and_the_card_stays_alive(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    await at.put(ask_pin_above=Decimal(10_000))
    token = await ask(stage)
    with pytest.raises(PinWanted) as wanted:
        await stage.tap(token)
    assert stage.broker.posts == 0
    await at.prove(stage.actor, "another act")
    with pytest.raises(PinWanted):
        await stage.tap(token)
    await at.prove(stage.actor, wanted.value.proof)
    assert isinstance(await stage.tap(token), Order)
    second = await ask(stage, replace(LIMIT, quantity=11))
    with pytest.raises(PinWanted):
        await stage.tap(second)
    small = await ask(stage, replace(LIMIT, quantity=1))
    assert isinstance(await stage.tap(small), Order)
    assert stage.broker.posts == 2


async def test_the_first_order_after_twelve_idle_hours_waits_for_the_pin_and_an_exit_never_does(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    assert isinstance(await stage.tap(await ask(stage)), Order)
    await asyncio.sleep(12 * 3600 + 1)
    stage.connection.session = (
        replace(stage.connection.session, expires=clock.now() + timedelta(hours=5)) if stage.connection.session else None
    )
    token = await ask(stage, replace(LIMIT, quantity=3))
    with pytest.raises(PinWanted, match="First order in a while"):
        await stage.tap(token)
    stage.broker.held = [a_position(25)]
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS)
    assert isinstance(await stage.tap(await ask(stage, sell)), Order)


async def test_going_live_waits_for_the_pin_once_however_lately_something_was_practised(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await stage.store.transaction(lambda db: begin_mode(db, "PAPER", clock.now()))
    await at.set_pin(stage.actor)
    assert isinstance(await stage.tap(await ask(stage)), Order)
    await asyncio.sleep(60)
    await stage.store.transaction(lambda db: begin_mode(db, "PAPER", clock.now()))  # another start in the same mode
    assert isinstance(await stage.tap(await ask(stage, replace(LIMIT, quantity=2))), Order)
    await asyncio.sleep(60)
    await stage.store.transaction(lambda db: begin_mode(db, "LIVE", clock.now()))
    token = await ask(stage, replace(LIMIT, quantity=3))
    with pytest.raises(PinWanted, match="since this bot went LIVE") as wanted:
        await stage.tap(token)
    assert stage.broker.posts == 2
    await at.prove(stage.actor, wanted.value.proof)
    assert isinstance(await stage.tap(token), Order)
    await asyncio.sleep(60)
    await stage.store.transaction(lambda db: begin_mode(db, "LIVE", clock.now()))
    assert isinstance(await stage.tap(await ask(stage, replace(LIMIT, quantity=4))), Order)


async def test_the_kill_switch_is_lifted_with_the_pin_only(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    await stage.switch.kill(stage.actor)
    question = await stage.switch.ask_resume(stage.actor, chat_id=PERSON)
    token = question.confirmation.token
    await stage.proposals.shown(token, 90)
    with pytest.raises(PinWanted):
        await stage.tap(token, 90)
    assert await stage.store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None
    await at.prove(stage.actor, token)
    await stage.tap(token, 90)
    assert await stage.store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is None


async def test_a_sealed_phone_kills_its_open_cards_and_can_only_stop_trading(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    token = await ask(stage)
    await stage.store.transaction(lambda db: db.pins.lock_phone(PERSON, clock.now()))
    with pytest.raises(CheckFailed, match="sealed"):  # the claim looks by itself, whatever the lock did to the card
        await stage.tap(token)
    await stage.store.transaction(lambda db: db.pins.unlock_phone(PERSON))
    await at.pins.lock(stage.actor)
    with pytest.raises(ConfirmationGone):
        await stage.tap(token)
    with pytest.raises(PhoneLocked):
        await ask(stage)  # as if it had been asked in the same moment
    assert stage.broker.posts == 0
    sealed = replace(stage.actor, phone_locked=True)
    assert {each for each in Permission if sealed.may(each)} == {Permission.STOP, Permission.OWN}
    opened = await at.tap(stage.actor, await at.pins.open(stage.actor, PadUse.UNSEAL), PIN)
    assert isinstance(opened, PadEnded)
    assert opened.right
    assert (await at.pins.state(stage.actor)).phone_locked_since is None


async def test_a_phone_sealed_without_a_pin_is_opened_by_the_host_alone(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.pins.lock(stage.actor)
    for use in PadUse:  # whoever holds it cannot choose a PIN and open it with that
        with pytest.raises(NotFound, match="opened on the host"):
            await at.pins.open(stage.actor, use)


async def test_a_keypad_that_was_open_when_the_phone_was_sealed_chooses_no_pin(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    pad = await at.pins.open(stage.actor, PadUse.SET)
    await at.pins.lock(stage.actor)
    with pytest.raises(NotFound):
        await at.tap(stage.actor, pad, PIN)


async def test_while_the_hosts_alarm_sounds_no_pin_opens_a_phone(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    await stage.store.transaction(lambda db: lock_down(db, clock.now()))
    with pytest.raises(NotFound, match="panic --lift"):
        await at.pins.open(stage.actor, PadUse.UNSEAL)
    await stage.store.transaction(lambda db: lift_lockdown(db, clock.now()))
    assert (await at.pins.state(stage.actor)).phone_locked_since is None


async def test_a_forgotten_pin_is_taken_away_on_the_host_alone(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    await miss(stage, TRIES, restart=False)
    await at.pins.lock(stage.actor)
    assert await stage.store.transaction(lambda db: unlock(db, PERSON, clock.now()))
    state = await at.pins.state(stage.actor)
    assert (state.set, state.phone_locked_since, state.closed_until) == (False, None, None)
    await at.set_pin(stage.actor, "739105")
    assert isinstance(await at.prove(stage.actor, "act", "739105"), PadEnded)


async def test_a_pin_is_changed_and_removed_by_whoever_knows_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    with pytest.raises(PinClosed, match="already"):
        await at.pins.open(stage.actor, PadUse.SET)
    wrong = await at.tap(stage.actor, await at.pins.open(stage.actor, PadUse.CHANGE), WRONG)
    assert isinstance(wrong, Pad)
    assert wrong.step is PadStep.CURRENT
    changed = await at.tap(stage.actor, await at.pins.open(stage.actor, PadUse.CHANGE), PIN + "739105" * 2)
    assert isinstance(changed, PadEnded)
    assert changed.right
    assert isinstance(await at.prove(stage.actor, "act", PIN), Pad), "the old one is wrong now"
    removed = await at.tap(stage.actor, await at.pins.open(stage.actor, PadUse.REMOVE), "739105")
    assert isinstance(removed, PadEnded)
    assert not (await at.pins.state(stage.actor)).set


async def test_a_thief_without_the_pin_places_nothing_above_the_cap_and_changes_no_setting(clock: LoopClock) -> None:
    """T1: 500 acts at random by somebody who holds the unlocked phone."""
    stage = await set_stage(clock)
    at = access(stage)
    await at.set_pin(stage.actor)
    await at.put(value=Decimal(50_000), ask_pin_above=Decimal(10_000), orders_a_day=500, orders_a_minute=500)
    before = await at.limits.show(stage.actor)
    chance = random.Random(5)
    me = stage.actor
    token = ""

    async def order() -> None:
        nonlocal token
        token = await ask(stage, replace(LIMIT, quantity=chance.choice((1, 7, 12, 30, 100))))

    async def tap() -> None:
        await stage.tap(token)

    async def loosen() -> None:
        name, value = chance.choice((("value", None), ("value", Decimal(10**7)), ("ask_pin_above", None), ("orders_a_day", 900)))
        await at.limits.change(me, name, value)

    async def invite() -> None:
        await at.invitations.invite(me, Role.OWNER, None)

    async def guess() -> None:
        await at.prove(me, chance.choice((token, "invite:owner:None", "limits:a1:value:None")), f"{chance.randrange(10**6):06d}")

    async def take_pin_away() -> None:
        use = chance.choice((PadUse.CHANGE, PadUse.REMOVE))
        await at.tap(me, await at.pins.open(me, use), f"{chance.randrange(10**6):06d}")

    async def wait() -> None:
        await asyncio.sleep(chance.choice((1, 30, 400)))

    refused = 0
    for _ in range(500):
        act = chance.choice((order, tap, tap, loosen, invite, guess, take_pin_away, wait))
        try:
            await act()
        except (BotError, AssertionError) as error:  # an AssertionError: the keypad ended while the finger went on
            refused += isinstance(error, PinWanted)
    assert refused > 50
    assert stage.broker.posts > 5, "small orders pass: the thief is inside the cap"
    assert all(each.draft.quantity * (each.draft.price or 0) <= 10_000 for each in stage.broker.true)
    assert replace(await at.limits.show(me), sent_today=before.sent_today, entries=before.entries) == before
    assert [user for user, _, _ in await stage.store.transaction(lambda db: db.people.all())] == [me.user]
    assert (await at.pins.state(me)).set
