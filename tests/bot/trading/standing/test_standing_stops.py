"""Stops that live over days, as records: what is kept, what a morning makes of it, and that one Confirm places each once."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed, ConfirmationGone, NotFound
from bot.domain.market.prices import Price
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.orders.order import OrderRequest
from bot.domain.people.account import Role, User
from bot.domain.plans.standing_stop import StandingState, StandingStop
from bot.domain.positions.held import NewBase
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.standing.standing_stops import StandingStops
from tests.stage.tape import TapeBroker, TapeStage, set_tape
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

STOP = OrderRequest(
    side=Side.SELL, symbol="NIFTY 24500 CE", quantity=130, trigger=Decimal("80.00"), trigger_limit=Decimal("70.00"),
    product=Product.NRML,
)  # fmt: skip


async def stage_of(clock: LoopClock, *, product: Product = Product.NRML) -> TapeStage:
    stage = await set_tape(clock, broker=TapeBroker(clock, NIFTY_CALL, product))
    stage.broker.open_with(130)
    stage.trade("100.00")
    return stage


def standing(stage: TapeStage) -> StandingStops:
    return stage.desk.core.services.standing


async def place(stage: TapeStage, request: OrderRequest = STOP, message: int = 66) -> None:
    card = await stage.desk.proposals.propose(stage.desk.actor, request, chat_id=PERSON)
    await stage.desk.tap(await stage.desk.card(card, message), message)
    await asyncio.sleep(5)


async def kept(stage: TapeStage) -> StandingStop:
    """A stop that is kept, whose day is over."""
    async with stage.running():
        await place(stage)
        shown = await standing(stage).keep(stage.desk.actor, 1)
        await stage.broker.cancel(stage.broker.true[0].broker_id)
        await stage.desk.reconcile.sync(ACCOUNT.id)
        await asyncio.sleep(5)
    assert shown.made is not None
    assert shown.made.until == NIFTY_CALL.expiry
    return shown.made


async def test_one_confirm_places_a_stop_once_also_where_the_process_ends_in_between(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    await kept(stage)
    own, actor = standing(stage), stage.desk.actor
    card = await own.ask(actor, chat_id=PERSON)
    assert [leg.draft.quantity for leg in card.plan.legs] == [130]
    await stage.desk.proposals.shown(card.confirmation.token, 91)
    placed = await own.confirm(actor, card.confirmation.token, chat_id=PERSON, message_id=91)
    assert placed.placed
    with pytest.raises(ConfirmationGone):
        await own.confirm(actor, card.confirmation.token, chat_id=PERSON, message_id=91)
    assert stage.standing() == []
    after = await set_tape(clock, store=stage.desk.store, broker=stage.broker)
    async with after.running():
        await asyncio.sleep(10)
        assert after.standing() == [(OrderKind.SL, 130)]
    with pytest.raises(CheckFailed, match="guarded"):
        await standing(after).ask(after.desk.actor, chat_id=PERSON)


async def test_what_was_closed_meanwhile_is_not_guarded_and_what_is_left_is(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    await kept(stage)
    stage.broker.net = 65
    morning = await standing(stage).morning(ACCOUNT.id)
    assert [bare for _, bare in morning.to_place] == [65]
    stage.broker.net = 0
    assert [stop.id for stop in (await standing(stage).morning(ACCOUNT.id)).gone] == [1]


async def test_a_position_that_is_closed_between_card_and_confirm_gets_no_stop(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    await kept(stage)
    own, actor = standing(stage), stage.desk.actor
    card = await own.ask(actor, chat_id=PERSON)
    await stage.desk.proposals.shown(card.confirmation.token, 91)
    stage.broker.net = 0
    await own.confirm(actor, card.confirmation.token, chat_id=PERSON, message_id=91)
    async with stage.running():
        await asyncio.sleep(20)
    assert (stage.standing(), stage.broker.posts) == ([], 1)


async def test_a_price_that_is_beyond_is_no_stop_of_the_morning(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    await kept(stage)
    stage.trade("79.00")
    morning = await standing(stage).morning(ACCOUNT.id)
    assert ([stop.id for stop in morning.beyond], morning.to_place) == ([1], ())


async def test_a_price_of_yesterday_or_of_no_time_says_nothing_about_how_it_opened(clock: LoopClock) -> None:
    stop, now = await kept(await stage_of(clock)), clock.now()
    today = ist_date(now)
    judged = {
        at: stop.is_beyond(Price(last=Decimal("79.00"), at=at), today) for at in (None, now - timedelta(days=1), now)
    }  # fmt: skip
    assert list(judged.values()) == [None, None, True]
    assert stop.is_beyond(Price(last=Decimal("81.00"), at=now), today) is False


async def test_an_intraday_stop_is_of_one_day_and_a_day_beyond_the_expiry_is_none(clock: LoopClock) -> None:
    stage = await stage_of(clock, product=Product.MIS)
    async with stage.running():
        await place(stage, replace(STOP, product=Product.MIS))
        with pytest.raises(CheckFailed, match="of one day"):
            await standing(stage).keep(stage.desk.actor, 1)
    other = await stage_of(clock)
    async with other.running():
        await place(other)
        expiry = NIFTY_CALL.expiry
        assert expiry is not None
        with pytest.raises(CheckFailed, match="from today until"):
            await standing(other).keep(other.desk.actor, 1, expiry + timedelta(days=1))


async def test_keeping_another_stop_of_the_row_takes_the_place_of_the_first(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    await kept(stage)
    async with stage.running():
        await place(stage, replace(STOP, trigger=Decimal("85.00")), 67)
        shown = await standing(stage).keep(stage.desk.actor, 2)
    assert [stop.trigger for stop in shown.stops] == [Decimal("85.00")]


async def test_one_that_is_paused_is_adjusted_or_trusted_by_a_person_and_ended_for_good(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    own, actor, store = standing(stage), stage.desk.actor, stage.desk.store
    base = NewBase(instrument=RELIANCE, before=Decimal(1490), now=Decimal(745))
    share = StandingStop(
        account_id=ACCOUNT.id, by=PERSON, instrument=RELIANCE, product=Product.CNC, side=Side.SELL, quantity=10,
        trigger=Decimal("1400.00"), limit=Decimal("1380.00"), until=date(2027, 1, 1), made_at=clock.now(),
        state=StandingState.PAUSED, base=base,
    )  # fmt: skip
    for _ in range(2):
        await store.transaction(lambda db: db.standing_stops.add(share))
    adjusted = (await own.adjust(actor, 1)).stops[0]
    assert (adjusted.trigger, adjusted.limit, adjusted.quantity) == (Decimal("700.00"), Decimal("690.00"), 20)
    trusted = (await own.trust(actor, 2)).stops[1]
    assert (trusted.trigger, trusted.state) == (Decimal("1400.00"), StandingState.KEPT)
    assert [stop.id for stop in (await own.end(actor, 1)).stops] == [2]
    with pytest.raises(NotFound):
        await own.end(actor, 1)


async def test_what_a_person_does_with_a_standing_stop_is_told_to_the_others(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    ravi = User(telegram_id=2002, name="Ravi")
    await stage.desk.store.transaction(lambda db: db.people.add(ravi, Role.VIEWER, None, clock.now()))
    made = await kept(stage)
    await standing(stage).end(stage.desk.actor, made.id)
    acts = [each for each in await stage.desk.notices() if isinstance(each, ActByOther)]
    assert [(each.deed, each.detail) for each in acts] == [
        (ActionKind.STANDING_STOP, "keeps a stop every day: NF 24500CE 23Nov"),
        (ActionKind.STANDING_STOP, "changed a stop that is kept every day: NF 24500CE 23Nov is ended"),
    ]
