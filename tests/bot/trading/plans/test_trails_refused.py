"""What trails and stops at cost refuse, each in words, with nothing sent."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed, ChoiceWanted, ConfirmationGone
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Quote, Tick
from bot.domain.orders.confirmation import Purpose
from bot.domain.orders.legs import TrailSaid
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.plans.trail_card import TrailCard
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.brokers.broker import TrueOrder
from tests.stage.floor import BANK, FloorBroker, FloorFeed, FloorStage, set_floor
from tests.storage.samples import ACCOUNT, PERSON, an_order

TEN = TrailSaid(every=Decimal("10.00"))
BOUGHT = OrderDraft(instrument=BANK, side=Side.BUY, quantity=60, kind=OrderKind.MARKET, product=Product.NRML)
OUT = replace(BOUGHT, side=Side.SELL)


class MuteBroker(FloorBroker):
    """It quotes nothing."""

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        return {}


class MuteFeed(FloorFeed):
    """It is not connected and knows of no trade."""

    connected = False

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        return None


async def a_floor(clock: LoopClock, quantity: int = 60) -> FloorStage:
    """So much of one option is open, and the store knows its entry as o9."""
    return await entered(await set_floor(clock), quantity)


async def entered(stage: FloorStage, quantity: int = 60) -> FloorStage:
    if quantity:
        stage.broker.opens(BANK, quantity)
    now = stage.desk.clock.now()
    entry = an_order(9, draft=BOUGHT, status=OrderStatus.FILLED, filled=60, created_at=now, updated_at=now, broker_id="1")
    await stage.desk.store.transaction(lambda db: db.orders.add(entry, ist_date(now)))
    return stage


async def a_mute_floor(clock: LoopClock) -> FloorStage:
    stage = await set_floor(clock, broker=MuteBroker(clock))
    stage.desk.connection.feed = stage.desk.feed = MuteFeed(clock)
    return await entered(stage)


def a_stop(stage: FloorStage, at: str, quantity: int = 60) -> TrueOrder:
    """A stop that was placed in the broker's app."""
    terms = replace(OUT, kind=OrderKind.SL, quantity=quantity, trigger=Decimal(at), price=Decimal(at) - 5)
    return stage.broker.app_order(terms, status=OrderStatus.TRIGGER_PENDING)


def at_price(stage: FloorStage, rupees: str, instrument: Instrument = BANK) -> None:
    stage.feed.at[instrument.key] = Decimal(rupees)


async def ask(stage: FloorStage, words: str = "all", said: TrailSaid = TEN) -> TrailCard:
    return await stage.desk.core.services.trails.ask(stage.desk.actor, words, said, chat_id=PERSON)


async def asked(stage: FloorStage) -> str:
    """Binds a trail's card to message 77, and returns its token."""
    card = await ask(stage)
    await stage.desk.proposals.shown(card.confirmation.token, 77)
    return card.confirmation.token


async def confirm(stage: FloorStage, token: str, account_id: str = ACCOUNT.id) -> object:
    actor = replace(stage.desk.actor, account=replace(ACCOUNT, id=account_id))
    return await stage.desk.core.services.trails.confirm(actor, token, chat_id=PERSON, message_id=77)


@pytest.mark.parametrize(
    ("open_", "said", "words"),
    [
        (10, TEN, "less than one lot of 30"),
        (60, TrailSaid(every=Decimal("10.03")), "between ticks"),
        (60000, TEN, "over the freeze quantity"),
    ],
)
async def test_a_trail_that_no_stop_can_carry_is_refused(open_: int, said: TrailSaid, words: str, clock: LoopClock) -> None:
    stage = await a_floor(clock, open_)
    with pytest.raises(CheckFailed, match=words):
        await ask(stage, said=said)
    assert stage.broker.posts == 0


async def test_a_trail_without_a_price_or_a_position_is_refused(clock: LoopClock) -> None:
    stage = await a_mute_floor(clock)
    with pytest.raises(CheckFailed, match="No price of BNF 52000CE 23Nov is known now"):
        await ask(stage)
    stage.broker.opens(BANK, 0)
    with pytest.raises(CheckFailed, match="There is no open NRML position in it"):
        await stage.desk.core.services.trails.ask_of_order(stage.desk.actor, "o9", TEN, chat_id=PERSON)
    assert stage.broker.posts == 0


async def test_a_trail_that_may_mean_two_positions_asks_which(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    stage.broker.opens(BANK, 30, Product.MIS)
    with pytest.raises(ChoiceWanted, match="Which of them") as wanted:
        await ask(stage)
    assert {command.split()[2] for _, command in wanted.value.near} == {"nrml", "mis"}
    assert stage.broker.posts == 0


async def test_what_is_closing_already_or_has_two_stops_gets_neither_a_trail_nor_a_stop_at_cost(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    at_price(stage, "150")
    to_cost = stage.desk.core.services.trails.to_cost
    stops = [a_stop(stage, "80", 30), a_stop(stage, "85", 30)]
    with pytest.raises(CheckFailed, match="2 stops guard it"):
        await ask(stage)
    with pytest.raises(CheckFailed, match=r"2 stops guard it\. Move the one that you mean: /modify"):
        await to_cost.ask(stage.desk.actor, "o9", chat_id=PERSON)
    for stop in stops:
        stop.status = OrderStatus.CANCELLED
    stage.broker.app_order(replace(OUT, kind=OrderKind.LIMIT, price=Decimal("190.00")))
    with pytest.raises(CheckFailed, match="is closing it already: there is nothing left to guard"):
        await ask(stage)
    with pytest.raises(CheckFailed, match="is closing it already"):
        await to_cost.ask(stage.desk.actor, "o9", chat_id=PERSON)
    assert (stage.broker.posts, stage.broker.changes) == (0, [])


async def test_a_stop_of_the_app_follows_from_the_confirm_and_ending_it_twice_changes_nothing(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    a_stop(stage, "90")
    trails = stage.desk.core.services.trails
    shown = await confirm(stage, await asked(stage))
    (one,) = await trails.all(stage.desk.actor)
    assert shown == one
    assert one.guard is not None
    assert one.guard.draft.trigger == Decimal(90)
    for _ in range(2):
        await trails.end(stage.desk.actor, one.plan.id)
    assert await trails.all(stage.desk.actor) == ()
    assert (stage.broker.posts, stage.broker.changes) == (0, [])


async def test_a_trail_whose_stop_changed_since_the_card_is_not_begun(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    stop = a_stop(stage, "90")
    token = await asked(stage)
    stop.status = OrderStatus.CANCELLED
    await stage.desk.reconcile.sync(ACCOUNT.id)
    with pytest.raises(CheckFailed, match="changed since this card: ask again"):
        await confirm(stage, token)
    assert (stage.broker.posts, stage.broker.changes) == (0, [])


async def test_a_trail_of_another_account_or_begun_already_is_not_begun(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    token = await asked(stage)
    with pytest.raises(ConfirmationGone, match="belongs to another account"):
        await confirm(stage, token, "a2")
    await stage.desk.store.transaction(lambda db: db.plans.begin(token))
    with pytest.raises(ConfirmationGone, match="begun already"):
        await confirm(stage, token)
    assert stage.broker.posts == 0


@pytest.mark.parametrize(("open_", "words"), [(0, "no open NRML position in it any more"), (10, "less than one lot of 30")])
async def test_a_stop_at_cost_of_too_little_is_refused(open_: int, words: str, clock: LoopClock) -> None:
    stage = await a_floor(clock, open_)
    with pytest.raises(CheckFailed, match=words):
        await stage.desk.core.services.trails.to_cost.ask(stage.desk.actor, "o9", chat_id=PERSON)
    assert stage.broker.posts == 0


async def test_a_stop_at_cost_without_a_price_is_refused(clock: LoopClock) -> None:
    stage = await a_mute_floor(clock)
    with pytest.raises(CheckFailed, match="or its price, is not known now"):
        await stage.desk.core.services.trails.to_cost.ask(stage.desk.actor, "o9", chat_id=PERSON)
    assert stage.broker.posts == 0


async def test_a_price_so_low_that_no_stop_lies_under_it_offers_the_exit_alone(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    at_price(stage, "0.10")
    with pytest.raises(ChoiceWanted, match="would strike at once") as wanted:
        await stage.desk.core.services.trails.to_cost.ask(stage.desk.actor, "o9", chat_id=PERSON)
    assert [name for name, _ in wanted.value.near] == ["Exit now"]
    assert stage.broker.posts == 0


async def test_a_stop_is_asked_for_at_the_cost_or_to_move_there_unless_it_is_beyond_it(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    at_price(stage, "150")
    to_cost = stage.desk.core.services.trails.to_cost
    new = await to_cost.ask(stage.desk.actor, "o9", chat_id=PERSON)
    assert (new.draft.side, new.draft.quantity, new.confirmation.purpose) == (Side.SELL, 60, Purpose.PLACE)
    stop = a_stop(stage, "90")
    card = await to_cost.ask(stage.desk.actor, "o9", chat_id=PERSON)
    assert card.confirmation.purpose is Purpose.MODIFY
    assert card.draft.trigger == new.draft.trigger
    assert card.draft.trigger is not None
    assert card.draft.trigger > Decimal(100), "the charges of both sides are in it"
    stop.draft = replace(stop.draft, trigger=Decimal(130), price=Decimal(125))
    with pytest.raises(CheckFailed, match=r"stands at 130\.00, not below the break-even"):
        await to_cost.ask(stage.desk.actor, "o9", chat_id=PERSON)
    assert (stage.broker.posts, stage.broker.changes) == (0, [])
