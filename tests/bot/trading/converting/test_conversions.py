"""A conversion that comes to nothing, or whose end is not seen: what the person is told, and how often it was asked for."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, CheckFailed, ChoiceWanted, ConfirmationGone, Refused, Unclear, Unreadable
from bot.domain.market.instrument import Instrument
from bot.domain.news.orders.conversions import ConversionUnclear, Converted
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Actor
from bot.domain.positions.conversion import Conversion, ConversionCard, ConversionState
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.baskets.test_basket_machine import MESSAGE
from tests.stage.floor import CALL, ITC, TCS, FloorBroker, FloorStage, set_floor
from tests.stage.values.orders import a_draft
from tests.storage.samples import ACCOUNT, PERSON


class Desk(FloorBroker):
    """Answers a conversion as the test says."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.answer: BrokerError | None = None
        self.goes_away = False  # once a conversion was asked for

    async def convert(self, position: Position, to: Product, quantity: int) -> None:
        await super().convert(position, to, quantity)
        self.down = Unreadable("away") if self.goes_away else None
        if self.answer is not None:
            raise self.answer


async def a_floor(clock: LoopClock) -> tuple[FloorStage, Desk]:
    broker = Desk(clock)
    return await set_floor(clock, broker=broker), broker


def elsewhere(actor: Actor) -> Actor:
    """The same person, who turned to another account since the card."""
    assert actor.account is not None
    return replace(actor, account=replace(actor.account, id="a2"))


async def asked(stage: FloorStage, words: str = "itc cnc") -> ConversionCard:
    return await stage.desk.core.services.conversions.ask(stage.desk.actor, words, chat_id=PERSON)


async def tapped(stage: FloorStage, card: ConversionCard, actor: Actor | None = None) -> Conversion:
    conversions, token = stage.desk.core.services.conversions, card.confirmation.token
    return await conversions.confirm(actor or stage.desk.actor, token, chat_id=PERSON, message_id=MESSAGE)


async def a_stop(stage: FloorStage, *, waits: bool = True) -> str:
    """An order of the mStock app that sells the ten shares: at a trigger, or at a price at once."""
    draft = a_draft(instrument=ITC, product=Product.MIS, side=Side.SELL, price=Decimal("90.00"))
    if waits:
        draft = replace(draft, kind=OrderKind.SL, trigger=Decimal("91.00"))
    status = OrderStatus.TRIGGER_PENDING if waits else OrderStatus.OPEN
    order = stage.broker.app_order(draft, status=status)
    await stage.desk.reconcile.sync(ACCOUNT.id)
    return order.broker_id


@pytest.mark.parametrize(
    ("held", "words", "refusal"),
    [
        (1, "itc half cnc", "less than one lot of 1"),
        (10, "itc mis", "MIS already"),
        (-10, "itc cnc", "sold short cannot be carried"),
        (10, "itc nrml", "It can become CNC"),
    ],
)
async def test_a_position_that_cannot_be_converted_so_is_refused_with_the_reason(
    clock: LoopClock, held: int, words: str, refusal: str
) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, held, Product.MIS)
    with pytest.raises(CheckFailed, match=refusal):
        await asked(stage, words)
    assert broker.conversions == []


@pytest.mark.parametrize(("instrument", "becomes"), [(ITC, Product.CNC), (CALL, Product.NRML)])
async def test_a_position_that_is_to_be_carried_becomes_what_stays_over_the_night(
    clock: LoopClock, instrument: Instrument, becomes: Product
) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(instrument, instrument.lot, Product.MIS)
    assert (await asked(stage, "all carry")).to is becomes


async def test_what_needs_no_carry_is_never_carried_into_intraday(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 10, Product.CNC)
    broker.opens(CALL, CALL.lot, Product.NRML)
    for words in ("itc carry", "itc cnc carry", "all carry"):
        with pytest.raises(CheckFailed, match=r"ITC is CNC already\. It needs no carry"):
            await asked(stage, words)
    broker.opens(TCS, 10, Product.MIS)
    await asyncio.sleep(2)  # longer than one look at the books serves
    assert (await asked(stage, "all carry")).position.instrument == TCS, "the one of them that would be closed today"


async def test_two_positions_that_fit_are_both_offered(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 10, Product.MIS)
    broker.opens(TCS, 10, Product.MIS)
    with pytest.raises(ChoiceWanted) as wanted:
        await asked(stage, "all to cnc")
    assert [command.split()[-1] for _, command in wanted.value.near] == ["cnc", "cnc"]


@pytest.mark.parametrize(
    ("waits", "words", "refusal"), [(False, "itc cnc", "may be closing it"), (True, "itc 4 cnc", "all but 0")]
)
async def test_an_order_in_the_way_of_a_conversion_is_named(clock: LoopClock, waits: bool, words: str, refusal: str) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 10, Product.MIS)
    await a_stop(stage, waits=waits)
    with pytest.raises(CheckFailed, match=refusal):
        await asked(stage, words)
    assert broker.conversions == []


async def test_a_discarded_card_and_one_of_another_account_convert_nothing(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 10, Product.MIS)
    card = await asked(stage)
    with pytest.raises(ConfirmationGone, match="another account"):
        await tapped(stage, card, elsewhere(stage.desk.actor))
    await stage.desk.proposals.discard(stage.desk.actor, card.confirmation.token, chat_id=PERSON, message_id=MESSAGE)
    with pytest.raises(ConfirmationGone, match="discarded"):
        await tapped(stage, card)
    assert broker.conversions == []


@pytest.mark.parametrize(("left", "words"), [(4, "4 MIS are open"), (-10, "-10 MIS are open")])
async def test_a_position_that_shrank_or_turned_since_the_card_is_not_converted(clock: LoopClock, left: int, words: str) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 10, Product.MIS)
    card = await asked(stage)
    broker.opens(ITC, left, Product.MIS)
    with pytest.raises(CheckFailed, match=words):
        await tapped(stage, card)
    assert broker.conversions == []


async def test_a_stop_that_no_cancel_ends_keeps_its_position_as_it_is(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 10, Product.MIS)
    broker.stubborn.add(await a_stop(stage))
    made = await tapped(stage, await asked(stage))
    assert made.state is ConversionState.REFUSED
    assert "could not be cancelled" in made.said
    assert broker.conversions == []


async def test_a_refused_conversion_says_the_brokers_words_and_is_asked_for_once(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 10, Product.MIS)
    broker.answer = Refused("mStock refused it: no margin.")
    made = await tapped(stage, await asked(stage))
    assert (made.state, made.said) == (ConversionState.REFUSED, "mStock refused it: no margin.")
    assert len(broker.conversions) == 1


async def test_an_unclear_conversion_whose_positions_cannot_be_read_is_told_once_when_they_show_it(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 10, Product.MIS)
    broker.answer, broker.goes_away = Unclear("No answer came."), True
    made = await tapped(stage, await asked(stage))
    assert (made.state, made.said) == (ConversionState.UNCLEAR, "No answer came.")
    await stage.desk.core.services.conversions.run()  # a second look beside the first, as after a restart
    await asyncio.sleep(5)
    broker.down = None
    broker.opens(ITC, 0, Product.MIS)
    broker.opens(ITC, 10, Product.CNC)
    await asyncio.sleep(5)
    told = [type(each) for each in await stage.desk.notices() if isinstance(each, ConversionUnclear | Converted)]
    assert told == [ConversionUnclear, Converted]
    assert len(broker.conversions) == 1


async def test_a_conversion_of_another_day_whose_positions_stay_unread_is_given_up(clock: LoopClock) -> None:
    stage, broker = await a_floor(clock)
    broker.opens(ITC, 10, Product.MIS)
    broker.answer = Unclear("No answer came.")
    made = replace(await tapped(stage, await asked(stage)), id="old", began_at=clock.now() - timedelta(hours=12))
    await stage.desk.store.transaction(lambda db: db.conversions.add(made))
    broker.down = Unreadable("away")
    await stage.desk.core.services.conversions.run()
    await asyncio.sleep(5)
    found = await stage.desk.store.transaction(lambda db: db.conversions.find("old"))
    assert found is not None
    assert found.state is ConversionState.NOT_SEEN
    assert len(broker.conversions) == 1
