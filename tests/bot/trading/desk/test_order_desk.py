"""Every confirmation leads to at most one order, whatever taps, answers and crashes do (invariants I1-I4, I7)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import (
    CheckFailed,
    ConfirmationGone,
    NotAllowed,
)
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.people.account import Role, User
from bot.domain.positions.portfolio import Position
from bot.domain.proposals.proposal import Change, Proposal, Resumed
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.desk.asked import BUY, LIMIT, a_position, ask
from tests.stage.access import access
from tests.stage.desk import set_stage
from tests.storage.samples import ACCOUNT, PERSON


async def test_a_confirmed_card_places_exactly_one_order(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.OPEN
    assert [true.tag for true in stage.broker.true] == [order.tag]
    assert order.tag is not None
    assert len(order.tag) == 19


@pytest.mark.parametrize(("side", "touch"), [(Side.BUY, "1480.30"), (Side.SELL, "1480.20")])
async def test_the_ask_or_the_bid_of_the_moment_of_the_tap_is_kept_with_its_order(
    clock: LoopClock, side: Side, touch: str
) -> None:
    stage = await set_stage(clock)
    stage.feed.bid, stage.feed.ask = Decimal("1479.00"), Decimal("1479.10")
    token = await ask(stage, replace(BUY, side=side, product=Product.MIS))
    stage.feed.bid, stage.feed.ask = Decimal("1480.20"), Decimal("1480.30")
    order = await stage.tap(token)
    assert isinstance(order, Order)
    touches = await stage.store.transaction(lambda db: db.ledger.touches(ACCOUNT.id, order.day, order.day))
    assert touches == {order.id: Decimal(touch)}


async def test_an_order_is_stored_while_the_tap_is_answered_and_leaves_only_after_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token, answered, seen = await ask(stage), asyncio.Event(), asyncio.Event()

    async def told() -> None:
        seen.set()
        await answered.wait()

    tap = asyncio.create_task(stage.desk.confirm(stage.actor, token, chat_id=PERSON, message_id=77, answered=told))
    await seen.wait()
    stored = await stage.order()
    assert stored is not None
    assert stored.status is OrderStatus.SUBMITTING
    assert stage.broker.true == []
    answered.set()
    await tap
    assert len(stage.broker.true) == 1


async def test_a_market_order_is_sent_as_a_limit_at_the_worst_price_of_the_card(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    proposal = await stage.proposals.propose(stage.actor, BUY, chat_id=PERSON)
    assert proposal.draft.protected
    assert proposal.draft.price == Decimal("1487.70")
    assert proposal.value == Decimal("14877.00")
    await stage.tap(await stage.card(proposal))
    assert stage.broker.true[0].draft.kind is OrderKind.LIMIT
    assert stage.broker.true[0].draft.price == Decimal("1487.70")


async def test_a_hundred_taps_at_once_place_one_order(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    results = await asyncio.gather(*(stage.tap(token) for _ in range(100)), return_exceptions=True)
    assert stage.broker.posts == 1
    assert sum(isinstance(result, Order) for result in results) == 1
    assert sum(isinstance(result, ConfirmationGone) for result in results) == 99


async def test_a_second_tap_on_an_answered_card_places_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await stage.tap(token)
    with pytest.raises(ConfirmationGone, match="answered already"):
        await stage.tap(token)
    assert stage.broker.posts == 1


async def test_an_old_card_says_that_it_expired_however_late_its_tap_arrives(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await asyncio.sleep(60)
    with pytest.raises(ConfirmationGone, match="expired at") as gone:
        await stage.tap(token)
    assert gone.value.again
    assert stage.broker.posts == 0


async def test_a_tap_under_another_message_or_by_another_person_places_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    stranger = replace(stage.actor, user=User(telegram_id=666, name="Mallory"))
    for actor, chat, message in ((stranger, 666, 77), (stranger, PERSON, 77), (stage.actor, PERSON, 78), (stage.actor, 12, 77)):
        with pytest.raises(ConfirmationGone):
            await stage.desk.confirm(actor, token, chat_id=chat, message_id=message)
    with pytest.raises(ConfirmationGone):
        await stage.tap("a" * 26)
    assert stage.broker.posts == 0


async def test_a_card_shown_before_kill_is_refused_after_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await stage.switch.kill(stage.actor)
    with pytest.raises(CheckFailed, match="stopped"):
        await stage.tap(token)
    with pytest.raises(ConfirmationGone, match="refused"):
        await stage.tap(token)
    assert stage.broker.posts == 0


async def test_an_exit_passes_the_kill_switch_and_a_larger_sale_does_not(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(25)]
    await stage.switch.kill(stage.actor)
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS)
    assert isinstance(await stage.tap(await ask(stage, sell)), Order)
    with pytest.raises(CheckFailed, match="stopped"):
        await stage.proposals.propose(
            stage.actor, sell, chat_id=PERSON
        )  # the first exit still works: together they would cross zero
    assert stage.broker.posts == 1


async def test_somebody_taken_off_the_list_cannot_confirm_an_open_card(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await stage.store.transaction(lambda db: db.people.remove(PERSON))
    with pytest.raises((CheckFailed, ConfirmationGone)):
        await stage.tap(token)
    assert stage.broker.posts == 0


async def test_a_changed_card_kills_the_old_figures(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    old = await ask(stage)
    new = await stage.proposals.change(stage.actor, old, Change(quantity=20), chat_id=PERSON)
    with pytest.raises(ConfirmationGone, match="replaced"):
        await stage.tap(old)
    await stage.tap(new.confirmation.token)
    assert [true.draft.quantity for true in stage.broker.true] == [20]


async def test_when_the_price_ran_away_it_is_asked_again_and_quick_taps_are_ignored(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage, BUY)
    stage.feed.bid, stage.feed.ask = Decimal("1490.90"), Decimal("1491.00")
    redrawn = await stage.tap(token)
    assert isinstance(redrawn, Proposal)
    assert redrawn.redrawn is not None
    assert "1,491.00" in redrawn.redrawn
    with pytest.raises(ConfirmationGone, match="Read, then tap"):
        await stage.tap(redrawn.confirmation.token)
    assert stage.broker.posts == 0
    await asyncio.sleep(1.5)
    assert isinstance(await stage.tap(redrawn.confirmation.token), Order)
    assert stage.broker.true[0].draft.price == redrawn.draft.price


@pytest.mark.parametrize("other", [LIMIT, replace(LIMIT, price=Decimal("1474.00"))], ids=["the same", "at another price"])
async def test_the_second_of_two_equal_cards_is_asked_again_once_the_first_was_sent(
    clock: LoopClock, other: OrderRequest
) -> None:
    stage = await set_stage(clock)
    first, second = await ask(stage), await ask(stage, other)
    await asyncio.sleep(1)
    await stage.tap(first)
    redrawn = await stage.tap(second)
    assert isinstance(redrawn, Proposal)
    assert redrawn.redrawn == "#1 on the same terms was sent after this card."
    assert stage.broker.posts == 1
    await asyncio.sleep(1.5)
    assert isinstance(await stage.tap(redrawn.confirmation.token), Order), "who wants both has read of the first"
    assert stage.broker.posts == 2


async def test_two_equal_cards_tapped_while_the_books_are_read_for_both_are_not_both_sent_unread(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await access(stage).put(daily_loss=Decimal(5000))
    first, second = await ask(stage), await ask(stage)
    books = stage.broker.positions

    async def late(*, urgent: bool = False) -> Sequence[Position]:
        await asyncio.sleep(2)
        return await books(urgent=urgent)

    stage.broker.positions = late  # type: ignore[method-assign] # a broker that takes its time
    await asyncio.sleep(5)
    sent, redrawn, answered = await asyncio.gather(stage.tap(first), stage.tap(second), stage.tap(first), return_exceptions=True)
    assert isinstance(sent, Order)
    assert isinstance(answered, ConfirmationGone), "a card is no twin of its own order"
    assert isinstance(redrawn, Proposal)
    assert redrawn.redrawn == "#1 on the same terms was sent after this card."
    assert stage.broker.posts == 1


async def test_a_card_that_cannot_be_asked_again_is_refused_for_good(clock: LoopClock) -> None:
    """Its reasons stood there without a button until its minute was over, and then *expired* in their place."""
    stage = await set_stage(clock)
    first, second = await ask(stage), await ask(stage)
    await asyncio.sleep(1)
    await stage.tap(first)
    await stage.switch.kill(stage.actor)
    with pytest.raises(CheckFailed, match="Trading is stopped") as refused:
        await stage.tap(second)
    with pytest.raises(ConfirmationGone, match="was refused"):
        await stage.tap(second)
    owed = await stage.store.read(lambda db: db.confirmations.owed_answers())
    assert [(each.question.token, each.why) for each in owed] == [(second, tuple(refused.value.reasons))]
    assert stage.broker.posts == 1


async def test_a_card_is_not_asked_again_for_an_order_on_other_terms_or_one_that_ended_unfilled(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    more, equal, last = await ask(stage, replace(LIMIT, quantity=20)), await ask(stage), await ask(stage)
    await asyncio.sleep(1)
    await stage.tap(more)
    assert isinstance(await stage.tap(equal), Order)
    stage.broker.true[1].status = OrderStatus.CANCELLED
    await stage.reconcile.look(ACCOUNT.id)
    assert isinstance(await stage.tap(last), Order)


async def test_modify_replaces_the_terms_after_a_confirmation_and_once(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.tap(await ask(stage))
    proposal = await stage.proposals.modify(stage.actor, 1, price=Decimal("1476.00"), quantity=None, chat_id=PERSON)
    token = await stage.card(proposal, 81)
    amended = await stage.tap(token, 81)
    assert isinstance(amended, Order)
    assert stage.broker.true[0].draft.price == amended.draft.price == Decimal("1476.00")
    with pytest.raises(ConfirmationGone):
        await stage.tap(token, 81)


async def test_a_second_kill_changes_nothing_and_only_an_owner_resumes(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    assert not (await stage.switch.kill(stage.actor)).already
    assert (await stage.switch.kill(stage.actor)).already
    await stage.becomes(Role.TRADER)
    with pytest.raises(NotAllowed):
        await stage.switch.ask_resume(stage.actor, chat_id=PERSON)
    await stage.becomes(Role.OWNER)
    question = await stage.switch.ask_resume(stage.actor, chat_id=PERSON)
    await stage.proposals.shown(question.confirmation.token, 90)
    await stage.tap(question.confirmation.token, 90)
    assert isinstance(await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON), Proposal)


async def test_a_button_that_does_not_fit_the_question_claims_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    card = await ask(stage)
    with pytest.raises(ConfirmationGone, match="does not belong to this question"):
        await stage.desk.confirm(stage.actor, card, chat_id=PERSON, message_id=77, in_words=True)
    assert stage.broker.posts == 0
    await stage.switch.kill(stage.actor)
    question = await stage.switch.ask_resume(stage.actor, chat_id=PERSON)
    await stage.proposals.shown(question.confirmation.token, 78)
    with pytest.raises(ConfirmationGone, match="does not belong to this question"):
        await stage.desk.confirm(stage.actor, question.confirmation.token, chat_id=PERSON, message_id=78)
    assert await stage.store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None
    assert isinstance(await stage.tap(question.confirmation.token, 78), Resumed)
