"""A card of later is told and asked on its own day, once, and is not kept where the market takes the order now."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed
from bot.domain.news.orders.later_cards import LaterCardDue, LaterCardsAhead
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.proposals.later_card import LaterCard
from bot.domain.terms import OrderKind, Product, Side
from bot.runtime.scheduler import Occasion
from bot.simulators.loop import LoopClock
from tests.stage.floor import ITC, FloorStage, set_floor
from tests.storage.samples import ACCOUNT, PERSON

ENTRY = OrderRequest(side=Side.BUY, symbol="ITC", quantity=10, price=Decimal("100.00"), product=Product.MIS)
DRAFT = OrderDraft(instrument=ITC, side=Side.BUY, quantity=10, kind=OrderKind.LIMIT, product=Product.MIS, price=Decimal("100.00"))


async def kept(stage: FloorStage, days: int) -> LaterCard:
    """A card that is due now, or so many days from now."""
    now = stage.desk.clock.now()
    card = LaterCard(
        account_id=ACCOUNT.id, by=PERSON, draft=DRAFT, closes=False, due=now + timedelta(days=days),
        made_at=now - timedelta(days=1),
    )  # fmt: skip
    return await stage.desk.store.transaction(lambda db: db.later_cards.add(card))


async def test_a_card_that_the_market_takes_now_is_not_kept_and_stays_open(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    later, actor = stage.desk.core.services.later, stage.desk.actor
    token = await stage.desk.card(await stage.desk.proposals.propose(actor, ENTRY, chat_id=PERSON))
    with pytest.raises(CheckFailed, match="The market takes this now") as refused:
        await later.keep(actor, token, chat_id=PERSON, message_id=77)
    assert [name for name, _ in refused.value.near] == ["Ask again"]
    assert stage.broker.posts == 0
    await stage.desk.tap(token)
    assert stage.broker.posts == 1


@pytest.mark.parametrize(("days", "words"), [(2, "It comes on"), (-2, "It was for")])
async def test_a_card_is_asked_on_no_day_but_its_own(days: int, words: str, clock: LoopClock) -> None:
    stage = await set_floor(clock)
    card = await kept(stage, days)
    with pytest.raises(CheckFailed, match=f"{words} .* Nothing was sent"):
        await stage.desk.core.services.later.show(stage.desk.actor, card.id, chat_id=PERSON)
    assert stage.broker.posts == 0


async def test_the_cards_of_today_are_told_once_in_the_morning_and_once_when_due_and_tomorrows_not_yet(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    later, now = stage.desk.core.services.later, clock.now()
    today = await kept(stage, 0)
    await kept(stage, 1)
    morning = Occasion(day=ist_date(now), due=now)
    for _ in range(2):
        await later.tell_ahead(morning)
    for _ in range(2):
        await later.tell_due(morning)
    ahead, due = await stage.desk.notices()
    assert isinstance(ahead, LaterCardsAhead)
    assert isinstance(due, LaterCardDue)
    assert ([each.id for each in ahead.cards], due.card.id) == ([today.id], today.id)
    assert stage.broker.posts == 0
