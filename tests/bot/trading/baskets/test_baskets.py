"""A basket is judged as a whole: its shorts, its money, its limits.

It is judged again at the tap.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import (
    CheckFailed,
    ChoiceWanted,
    ConfirmationGone,
    NotAllowed,
    PinWanted,
    Unreadable,
    UsageError,
    WordsWanted,
)
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Role
from bot.domain.plans.basket import BasketCard, BasketChange, WorstLoss
from bot.domain.positions.portfolio import Margin
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.baskets.basket_builder import Asked, BasketLine
from handlers.context.words.readings import readings
from tests.bot.trading.baskets.test_basket_machine import MESSAGE, LegOrder, an_order
from tests.stage.access import access
from tests.stage.floor import BANK, CALL, ITC, PUT, SHORT_CALL, FloorStage, set_floor
from tests.stage.values.orders import NOW
from tests.storage.samples import PERSON

SPREAD = (an_order(SHORT_CALL, Side.SELL, 1, protected=True), an_order(CALL, Side.BUY, 1, protected=True))


async def a_floor(clock: LoopClock) -> FloorStage:
    return await set_floor(clock, broker=LegOrder(clock))


async def ask(stage: FloorStage, drafts: Sequence[OrderDraft] = SPREAD) -> BasketCard:
    card = await stage.desk.core.services.baskets.builder.of_drafts(stage.desk.actor, drafts, Asked(chat_id=PERSON))
    await stage.desk.proposals.shown(card.confirmation.token, MESSAGE)
    return card


async def confirm(stage: FloorStage, card: BasketCard, *, in_words: bool = False) -> object:
    return await stage.desk.core.services.baskets.confirm(
        stage.desk.actor, card.confirmation.token, chat_id=PERSON, message_id=MESSAGE, in_words=in_words
    )


def said(words: str) -> list[BasketLine]:
    lines = []
    for text in words.split("; "):
        side, _, rest = text.partition(" ")
        lines.append(BasketLine(text=text, readings=readings(Side(side.upper()), rest, NOW.date())))
    return lines


async def test_a_spread_is_covered_by_itself_and_one_lot_more_is_not(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    card = await ask(stage)
    assert [row.after for row in card.exits.rows] == [(), (0,)]
    assert not any("cover" in warning for warning in card.warnings)
    assert card.loss == WorstLoss(rupees=Decimal(300 * 65 + (103 - 97) * 65)), "strikes apart, and both at a slab's worst"
    more = await ask(stage, (an_order(SHORT_CALL, Side.SELL, 2, protected=True), SPREAD[1]))
    assert any("without cover" in warning for warning in more.warnings)
    assert more.loss == WorstLoss(endless=True)
    with pytest.raises(WordsWanted, match="no floor"):
        await confirm(stage, more)
    with pytest.raises(WordsWanted):
        await confirm(stage, more, in_words=True)  # the words were not on the screen long enough to be read
    await asyncio.sleep(2)
    async with stage.running():
        await confirm(stage, more, in_words=True)
        await asyncio.sleep(5)
    assert stage.broker.posts == 2


async def test_what_is_held_may_be_the_cover_too(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    stage.broker.opens(CALL, 65)
    card = await ask(stage, (SPREAD[0], an_order(BANK, Side.BUY, 1, protected=True)))
    assert not any("cover" in warning for warning in card.warnings)
    assert [row.after for row in card.exits.rows] == [(), ()]


async def test_a_cover_is_sold_after_its_short_was_bought_back_and_closing_orders_make_no_bound(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    stage.broker.opens(CALL, 65)
    stage.broker.opens(SHORT_CALL, -65)
    card = await ask(stage, (an_order(CALL, Side.SELL, 1, protected=True), an_order(SHORT_CALL, Side.BUY, 1, protected=True)))
    assert [(row.draft.side, row.after, row.enters) for row in card.exits.rows] == [
        (Side.BUY, (), False),
        (Side.SELL, (0,), False),
    ]
    assert card.loss is None
    assert card.margin == 0
    alone = await ask(stage, (an_order(CALL, Side.SELL, 1, protected=True), an_order(BANK, Side.BUY, 1, protected=True)))
    assert any("without its cover" in warning for warning in alone.warnings)
    await confirm(stage, card)
    assert stage.broker.sent[0][1].side is Side.BUY


async def test_the_second_of_two_equal_baskets_is_asked_again_once_the_first_was_sent(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    first, second = await ask(stage), await ask(stage)
    async with stage.running():
        await asyncio.sleep(1)
        await confirm(stage, first)
        await asyncio.sleep(5)
        redrawn = await confirm(stage, second)
        assert isinstance(redrawn, BasketCard)
        assert redrawn.redrawn == "#1 on the same terms was sent after this card."
        assert stage.broker.posts == 2
        await asyncio.sleep(2)
        assert not isinstance(await confirm(stage, redrawn), BasketCard), "who wants both has read of the first"
        await asyncio.sleep(5)
    assert stage.broker.posts == 4


async def test_a_basket_that_cannot_be_asked_again_is_refused_for_good(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    first, second = await ask(stage), await ask(stage)
    async with stage.running():
        await asyncio.sleep(1)
        await confirm(stage, first)
        await asyncio.sleep(5)
        await stage.desk.switch.kill(stage.desk.actor)
        with pytest.raises(CheckFailed, match="Trading is stopped"):
            await confirm(stage, second)
        with pytest.raises(ConfirmationGone, match="was refused"):
            await confirm(stage, second)
    assert stage.broker.posts == 2


async def test_money_and_counts_are_those_of_all_orders_together(clock: LoopClock) -> None:
    stage = await a_floor(clock)

    async def needs(drafts: Sequence[OrderDraft]) -> Margin:
        return Margin(required=Decimal(len(drafts) * 200_000))

    stage.broker.margin_of_all = needs  # type: ignore[method-assign] # one figure for all of them
    card = await ask(stage)
    assert card.margin == 400_000
    assert any("1,50,000.00 more than the cash" in warning for warning in card.warnings)
    four = [*SPREAD, an_order(PUT, Side.BUY, 1, protected=True), an_order(BANK, Side.BUY, 1, protected=True)]
    with pytest.raises(WordsWanted, match="over 3 times"):
        await confirm(stage, await ask(stage, four))
    await access(stage.desk).put(orders_a_minute=1)
    with pytest.raises(CheckFailed, match="2 more are over your own limit of 1"):
        await ask(stage)


async def test_the_pin_is_asked_for_by_the_value_of_the_whole(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    card = await ask(stage)
    at = access(stage.desk)
    await at.set_pin(stage.desk.actor)
    await at.put(ask_pin_above=Decimal(10_000))
    assert all(draft.price is not None and draft.price * draft.quantity < 10_000 for draft in SPREAD)
    with pytest.raises(PinWanted):
        await confirm(stage, card)
    assert stage.broker.posts == 0


async def test_a_kill_or_an_ended_session_between_card_and_tap_refuses_all_of_it(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    card = await ask(stage)
    await stage.desk.switch.kill(stage.desk.actor)
    with pytest.raises(CheckFailed, match="Trading is stopped"):
        await confirm(stage, card)
    with pytest.raises(ConfirmationGone):
        await confirm(stage, card)
    other = await a_floor(clock)
    card = await ask(other)
    session = other.desk.connection.session
    assert session is not None
    other.desk.connection.session = replace(session, expires=clock.now())
    with pytest.raises(CheckFailed, match="The session with mStock ended"):
        await confirm(other, card)
    assert (stage.broker.posts, other.broker.posts) == (0, 0)


async def test_who_may_open_no_more_sends_no_short_without_its_cover(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    stage.broker.ways = {CALL.key: "rest"}
    card, baskets = await ask(stage), stage.desk.core.services.baskets
    async with stage.running():
        await confirm(stage, card)
        await asyncio.sleep(8)
        assert stage.broker.posts == 1
        await stage.desk.becomes(Role.GUARDIAN)
        with pytest.raises(NotAllowed, match="may not open"):
            await baskets.go_on(stage.desk.actor, card.confirmation.token, bare=True)
        await baskets.stop_here(stage.desk.actor, card.confirmation.token)
        await asyncio.sleep(5)
    assert stage.broker.posts == 1


async def test_what_would_go_in_parts_or_meet_itself_is_refused_before_it_is_asked(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    with pytest.raises(CheckFailed, match="over the freeze of 1,800"):
        await ask(stage, (an_order(CALL, Side.BUY, 28, protected=True), SPREAD[0]))
    with pytest.raises(CheckFailed, match="bought and sold in one basket"):
        await ask(stage, (an_order(CALL, Side.BUY, 1, protected=True), an_order(CALL, Side.SELL, 1, protected=True)))


async def test_an_order_at_any_price_leaves_cost_and_loss_open(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    market = OrderDraft(instrument=CALL, side=Side.BUY, quantity=65, kind=OrderKind.MARKET, product=Product.NRML)
    card = await ask(stage, (market, SPREAD[0]))
    assert card.cost is None
    assert card.loss == WorstLoss()
    assert card.charges is not None


async def test_all_orders_are_changed_alike_or_none(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    card = await ask(stage)
    baskets, actor = stage.desk.core.services.baskets, stage.desk.actor
    twice = await baskets.change(actor, card.confirmation.token, BasketChange.DOUBLE, chat_id=PERSON)
    assert [row.draft.quantity for row in twice.exits.rows] == [130, 130]
    with pytest.raises(ConfirmationGone, match="closed"):
        await baskets.change(actor, card.confirmation.token, BasketChange.DOUBLE, chat_id=PERSON)
    half = await baskets.change(actor, twice.confirmation.token, BasketChange.HALVE, chat_id=PERSON)
    mid = await baskets.change(actor, half.confirmation.token, BasketChange.AT_MID, chat_id=PERSON)
    assert [row.draft.protected for row in mid.exits.rows] == [False, False]
    with pytest.raises(CheckFailed, match="halved"):
        await baskets.change(actor, mid.confirmation.token, BasketChange.HALVE, chat_id=PERSON)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("buy itc 10", "two orders or more"),
        ("; ".join(["buy itc 10"] * 11), "10 orders are the most"),
        ("buy itc 10; buy itc", "Line 2: How many"),
        ("buy itc 10; sell nifty 24500 ce 65 stop 80/74", "Line 2: A stop"),
        ("buy itc 10 sl 380; buy tcs 5", "Line 1: A stop"),
        ("buy itc 10; buy nifty 24500 ce 65 trail 15", "Line 2: A stop"),
        ("buy itc 10; buy tcs 5 amo", "Line 2: An after-market order"),
    ],
)
async def test_a_line_that_fits_no_basket_is_named(clock: LoopClock, words: str, refusal: str) -> None:
    stage = await a_floor(clock)
    with pytest.raises(UsageError, match=refusal):
        await stage.desk.core.services.baskets.propose(stage.desk.actor, said(words), chat_id=PERSON)


async def test_a_line_with_two_readings_offers_whole_baskets(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    with pytest.raises(ChoiceWanted, match="Line 2") as wanted:
        await stage.desk.core.services.baskets.propose(
            stage.desk.actor, said("buy itc 10; buy nifty 24500 ce 70"), chat_id=PERSON
        )
    assert all(command.startswith("/basket buy itc 10; buy ") for _, command in wanted.value.near)
    assert wanted.value.near


async def test_shares_out_of_the_demat_account_close(clock: LoopClock) -> None:
    stage = await a_floor(clock)
    draft = replace(an_order(ITC, Side.SELL, 5, protected=True), product=Product.MIS)
    stage.broker.opens(ITC, 5, Product.MIS)
    card = await ask(stage, (draft, an_order(BANK, Side.BUY, 1, protected=True)))
    assert [row.enters for row in card.exits.rows] == [True, False]


@pytest.mark.parametrize(
    ("by_basket", "saved"), [(Decimal(40_000), Decimal(160_000)), (Decimal(200_000), None), (None, None), (Unreadable("?"), None)]
)
async def test_a_hedge_that_only_the_basket_route_sees_is_told_beside_the_plain_margin(
    clock: LoopClock, by_basket: Decimal | Exception | None, saved: Decimal | None
) -> None:
    stage = await a_floor(clock)

    async def plain(drafts: Sequence[OrderDraft]) -> Margin:
        return Margin(required=Decimal(200_000))

    async def hedged(drafts: Sequence[OrderDraft]) -> Margin:
        if isinstance(by_basket, Exception):
            raise by_basket
        return Margin(required=by_basket)

    stage.broker.margin_of_all = plain  # type: ignore[method-assign] # the broker says so
    stage.broker.margin_by_basket = hedged  # type: ignore[method-assign] # and so
    card = await ask(stage)
    found = await stage.desk.core.services.baskets.margins(stage.desk.actor, card.confirmation.token, chat_id=PERSON)
    assert found.plain == 200_000
    assert found.saved == saved
