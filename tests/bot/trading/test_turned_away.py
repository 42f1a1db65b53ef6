"""Cards that are turned away or asked anew: what the person is told, and that nothing went out."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import next_midnight
from bot.domain.errors import CheckFailed, ChoiceWanted, ConfirmationGone, PinWanted
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Quote, Tick
from bot.domain.people.account import Actor, Session
from bot.domain.people.secret import Secret
from bot.domain.plans.basket import BasketCard, BasketChange
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.baskets.test_basket_machine import MESSAGE, LegOrder, an_order
from tests.bot.trading.baskets.test_baskets import SPREAD, said
from tests.bot.trading.baskets.test_baskets import ask as ask_basket
from tests.bot.trading.baskets.test_baskets import confirm as confirm_basket
from tests.bot.trading.exit_lists.test_reversals import an_opened
from tests.bot.trading.exit_lists.test_reversals import asked as asked_to_reverse
from tests.bot.trading.exit_lists.test_reversals import tap as tap_reversal
from tests.bot.trading.proposals.test_proposals import asked as asked_to_place
from tests.bot.trading.proposals.test_proposals import placed
from tests.stage.access import access
from tests.stage.desk import set_stage
from tests.stage.floor import BANK, CALL, ITC, PUT, TCS, FloorFeed, FloorStage, set_floor
from tests.storage.samples import ACCOUNT, PERSON


class Desk(LegOrder):
    """Has no price of anything while it is dark."""

    dark = False

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        return {} if self.dark else await super().quotes(keys)


class DarkFeed(FloorFeed):
    """Shows nothing."""

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        return None


def goes_dark(stage: FloorStage, broker: Desk) -> None:
    broker.dark = True
    stage.desk.connection.feed = DarkFeed(stage.desk.clock)


def elsewhere(actor: Actor) -> Actor:
    """The same person, who turned to another account since the card."""
    assert actor.account is not None
    return replace(actor, account=replace(actor.account, id="a2"))


async def a_floor(clock: LoopClock) -> tuple[FloorStage, Desk]:
    broker = Desk(clock)
    return await set_floor(clock, broker=broker), broker


# -- Reversals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dark", "refusal"), [(True, "No price of ITC is known now, so no worst price can be named"), (False, "Trading is stopped")]
)
async def test_without_a_price_or_after_a_kill_no_reversal_is_asked(clock: LoopClock, dark: bool, refusal: str) -> None:
    stage, broker = await a_floor(clock)
    order = await an_opened(stage)
    if dark:
        goes_dark(stage, broker)
    else:
        await stage.desk.switch.kill(stage.desk.actor)
    with pytest.raises(CheckFailed, match=refusal):
        await asked_to_reverse(stage, order)
    assert broker.posts == 0


async def test_a_reversal_is_not_begun_after_a_kill_a_restart_or_without_its_pin(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    card = await asked_to_reverse(stage, await an_opened(stage))
    unknown = replace(card, confirmation=replace(card.confirmation, token="nobody"))
    with pytest.raises(ConfirmationGone, match="don't know this card"):
        await tap_reversal(stage, unknown)
    again = await set_floor(clock, store=stage.desk.store, broker=broker)
    with pytest.raises(ConfirmationGone, match="tap Reverse again"):
        await tap_reversal(again, card)
    at = access(stage.desk)
    await at.set_pin(stage.desk.actor)
    await at.put(ask_pin_above=Decimal(500))
    with pytest.raises(PinWanted):
        await tap_reversal(stage, card)
    await stage.desk.switch.kill(stage.desk.actor)
    with pytest.raises(CheckFailed, match="Trading is stopped"):
        await tap_reversal(stage, card)
    assert broker.posts == 0


# -- Baskets ------------------------------------------------------------------------------------------------------------


async def test_a_basket_of_another_account_or_of_a_dead_session_sends_nothing_and_can_be_discarded(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    baskets, card, other = stage.desk.core.services.baskets, await ask_basket(stage), await ask_basket(stage)
    with pytest.raises(ConfirmationGone, match="another account"):
        await baskets.confirm(elsewhere(stage.desk.actor), card.confirmation.token, chat_id=PERSON, message_id=MESSAGE)
    await stage.desk.proposals.discard(stage.desk.actor, card.confirmation.token, chat_id=PERSON, message_id=MESSAGE)
    with pytest.raises(ConfirmationGone, match="discarded"):
        await confirm_basket(stage, card)
    session, now = stage.desk.connection.session, clock.now()
    assert session is not None
    stage.desk.connection.adopt(replace(session, expires=now))
    with pytest.raises(CheckFailed, match="session with mStock ended"):
        await confirm_basket(stage, other)
    assert broker.posts == 0


async def test_a_price_that_ran_away_makes_a_new_card_that_is_calm_first(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    card = await ask_basket(stage)
    stage.feed.at[CALL.key] = Decimal("150.00")
    anew = await confirm_basket(stage, card)
    assert isinstance(anew, BasketCard)
    assert "would no longer fill" in (anew.redrawn or "")
    with pytest.raises(ConfirmationGone, match="New figures"):
        await confirm_basket(stage, anew)
    assert broker.posts == 0


async def test_a_basket_drawn_for_another_lot_is_asked_anew_and_sends_nothing(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    now = clock.now()
    stage.desk.connection.adopt(Session(token=Secret("jwt"), issued=now, expires=now + timedelta(days=2)))
    await asyncio.sleep((next_midnight(now) - now).total_seconds() - 10)
    card = await ask_basket(stage)
    broker.scrips = [replace(each, lot=75) if each.symbol == CALL.symbol else each for each in broker.scrips]
    await asyncio.sleep(20)
    await stage.desk.core.catalogue.refresh(ACCOUNT.id)
    with pytest.raises(ChoiceWanted, match="trades in lots of 75; 65 is no whole number of lots"):
        await confirm_basket(stage, card)
    assert broker.posts == 0


async def test_a_basket_that_was_sent_is_not_asked_again(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    card, baskets = await ask_basket(stage), stage.desk.core.services.baskets
    async with stage.running():
        await confirm_basket(stage, card)
        await asyncio.sleep(5)
    with pytest.raises(ConfirmationGone, match="answered already"):
        await baskets.again(stage.desk.actor, card.confirmation.token, chat_id=PERSON)
    assert broker.posts == len(SPREAD)


async def test_a_basket_that_only_closes_blocks_nothing(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(PUT, 65)
    broker.opens(BANK, 30)
    card = await ask_basket(stage, [an_order(each, Side.SELL, 1, protected=True) for each in (PUT, BANK)])
    with pytest.raises(CheckFailed, match="blocks nothing"):
        await stage.desk.core.services.baskets.margins(stage.desk.actor, card.confirmation.token, chat_id=PERSON)
    assert broker.posts == 0


async def test_a_basket_changed_to_the_market_is_protected_and_has_no_middle_without_a_price(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    card, baskets = await ask_basket(stage), stage.desk.core.services.baskets
    market = await baskets.change(stage.desk.actor, card.confirmation.token, BasketChange.AT_MARKET, chat_id=PERSON)
    assert all(row.draft.protected for row in market.exits.rows)
    goes_dark(stage, broker)
    for change, refusal in ((BasketChange.AT_MID, "no middle"), (BasketChange.AT_MARKET, "price")):
        with pytest.raises(CheckFailed, match=refusal):
            await baskets.change(stage.desk.actor, market.confirmation.token, change, chat_id=PERSON)
    assert broker.posts == 0


async def test_half_of_what_is_held_is_sold_in_a_basket_and_half_of_nothing_names_its_line(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    baskets, words = stage.desk.core.services.baskets, "buy tcs 1; sell itc half"
    with pytest.raises(CheckFailed, match="Line 2"):
        await baskets.propose(stage.desk.actor, said(words), chat_id=PERSON)
    broker.opens(ITC, 10, Product.CNC)
    card = await baskets.propose(stage.desk.actor, said(words), chat_id=PERSON)
    assert {row.draft.instrument.symbol: row.draft.quantity for row in card.exits.rows} == {"TCS": 1, "ITC": 5}
    assert broker.posts == 0


async def test_a_basket_confirmed_while_no_price_is_seen_goes_no_worse_than_its_card(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    card = await ask_basket(stage)
    goes_dark(stage, broker)
    async with stage.running():
        await confirm_basket(stage, card)
        await asyncio.sleep(5)
    assert [draft.price for _, draft in broker.sent] == [row.draft.price for row in card.exits.rows]


async def test_charges_of_an_order_at_any_price_without_a_price_are_not_guessed(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    market = replace(an_order(CALL, Side.BUY, 1, protected=False), kind=OrderKind.MARKET, price=None)
    goes_dark(stage, broker)
    card = await ask_basket(stage, (market, an_order(BANK, Side.BUY, 1, protected=False)))
    assert (card.charges, card.cost) == (None, None)
    assert broker.posts == 0


# -- Exits and single orders --------------------------------------------------------------------------------------------


async def test_an_exit_leaves_out_what_is_no_whole_lot_and_belongs_to_its_own_account(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 1, Product.MIS)
    broker.opens(TCS, 1, Product.MIS)
    with pytest.raises(CheckFailed, match="Nothing of it can be closed") as refused:
        await stage.ask("all half")
    assert sum("less than one lot" in reason for reason in refused.value.reasons) == 2
    broker.opens(CALL, 70)
    await asyncio.sleep(10)  # until the positions are read again
    card = await stage.ask("all")
    assert {row.draft.instrument.symbol: row.draft.quantity for row in card.exits.rows} == {"NIFTY": 65, "ITC": 1, "TCS": 1}
    assert any("no whole lot" in each for each in card.not_touched)
    with pytest.raises(ConfirmationGone, match="another account"):
        await stage.desk.core.services.exits.confirm(
            elsewhere(stage.desk.actor), card.confirmation.token, chat_id=PERSON, message_id=MESSAGE
        )
    assert broker.posts == 0


async def test_a_discarded_order_card_takes_no_stop_and_one_of_another_account_is_not_sent(clock: LoopClock) -> None:
    desk = await set_stage(clock)
    token = await asked_to_place(desk)
    with pytest.raises(ConfirmationGone, match="another account"):
        await desk.desk.confirm(elsewhere(desk.actor), token, chat_id=PERSON, message_id=MESSAGE)
    with pytest.raises(CheckFailed, match="waits no longer"):
        await desk.proposals.raise_stop(desk.actor, token, join=True, chat_id=PERSON)
    await desk.proposals.discard(desk.actor, token, chat_id=PERSON, message_id=MESSAGE)
    with pytest.raises(ConfirmationGone, match="card is closed"):
        await desk.proposals.attach(desk.actor, token, stop=None, target=None, chat_id=PERSON)
    with pytest.raises(ConfirmationGone, match="card is closed"):
        await desk.proposals.raise_stop(desk.actor, token, join=True, chat_id=PERSON)
    assert desk.broker.posts == 0


async def test_an_order_that_filled_since_its_change_was_asked_is_not_changed(clock: LoopClock) -> None:
    desk = await set_stage(clock)
    order = await placed(desk)
    token = await desk.card(await desk.proposals.modify(desk.actor, order.number, price=None, quantity=30, chat_id=PERSON))
    desk.broker.fill(20)
    await desk.reconcile.sync(ACCOUNT.id)
    with pytest.raises(CheckFailed, match="not working any more"):
        await desk.tap(token)
    assert (desk.broker.true[0].draft.quantity, len(desk.broker.urgent)) == (20, 1)
