"""Questions about orders: changed, asked again, turned round.

Each refusal says why, and nothing moves before a tap.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, ConfirmationGone, NotAllowed, NotFound, PersonError, UsageError
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.people.account import Account, Actor, Role, User
from bot.domain.proposals.proposal import Change
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import RELIANCE, a_draft, an_order
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON

LIMIT = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=20, price=Decimal("1475.00"))
STRANGER = Actor(user=User(telegram_id=666, name="Mallory"), role=Role.OWNER, account=None)
ELSEWHERE = Account(id="a9", label="papa", client="MA••••9", created_at=NOW)


async def asked(stage: DeskStage, request: OrderRequest = LIMIT) -> str:
    return await stage.card(await stage.proposals.propose(stage.actor, request, chat_id=PERSON))


async def placed(stage: DeskStage, request: OrderRequest = LIMIT) -> Order:
    order = await stage.tap(await asked(stage, request))
    assert isinstance(order, Order)
    return order


async def test_each_change_of_a_card_is_a_new_question_with_that_term_alone(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await asked(stage)
    for change, quantity, price, product in (
        (Change(quantity=30), 30, "1475.00", Product.CNC),
        (Change(price=Decimal("1470.00")), 30, "1470.00", Product.CNC),
        (Change(product=Product.MIS), 30, "1470.00", Product.MIS),
        (Change(protected=True), 30, "1487.70", Product.MIS),
    ):
        proposal = await stage.proposals.change(stage.actor, token, change, chat_id=PERSON)
        token = await stage.card(proposal)
        draft = proposal.draft
        assert (draft.quantity, draft.price, draft.product) == (quantity, Decimal(price), product)
    assert stage.broker.posts == 0


async def test_a_closed_or_a_strangers_card_is_not_changed(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await asked(stage)
    with pytest.raises(ConfirmationGone, match="don't know this card"):
        await stage.proposals.change(STRANGER, token, Change(quantity=5), chat_id=666)
    await stage.proposals.discard(stage.actor, token, chat_id=PERSON, message_id=77)
    with pytest.raises(ConfirmationGone, match="card is closed"):
        await stage.proposals.change(stage.actor, token, Change(quantity=5), chat_id=PERSON)
    with pytest.raises(ConfirmationGone, match="was discarded"):
        await stage.tap(token)


async def test_a_question_without_an_order_behind_it_has_nothing_to_change_or_to_ask_again(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.switch.kill(stage.actor)
    token = (await stage.switch.ask_resume(stage.actor, chat_id=PERSON)).confirmation.token
    with pytest.raises(ConfirmationGone, match="nothing to change"):
        await stage.proposals.change_options(stage.actor, token)
    with pytest.raises(ConfirmationGone, match="closed"):
        await stage.proposals.change(stage.actor, token, Change(quantity=1), chat_id=PERSON)
    with pytest.raises(ConfirmationGone, match="Type the command anew"):
        await stage.proposals.again(stage.actor, token, chat_id=PERSON)


async def test_a_card_that_became_an_order_is_not_asked_again_and_one_that_ran_out_is(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await asked(stage)
    again = await stage.proposals.again(stage.actor, token, chat_id=PERSON)
    assert again.draft.digest() == (await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON)).draft.digest()
    second = await stage.card(again)
    await stage.tap(second)
    with pytest.raises(ConfirmationGone, match="its order has a card of its own"):
        await stage.proposals.again(stage.actor, second, chat_id=PERSON)
    assert stage.broker.posts == 1


async def test_the_steps_offered_for_contracts_are_lots_and_their_products(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.feed.bid, stage.feed.ask = Decimal("119.90"), Decimal("120.10")
    request = OrderRequest(side=Side.BUY, symbol="NIFTY 24500 CE", quantity=65, price=Decimal("120.00"))
    options = await stage.proposals.change_options(stage.actor, await asked(stage, request))
    assert options.quantities == (130,)
    assert options.products == (Product.MIS,)
    assert [name for name, _ in options.seen] == ["Bid", "Mid", "Ask"]
    assert dict(options.seen)["Mid"] == Decimal("120.00")
    assert dict(options.steps)["Lower"] < Decimal("120.00") < dict(options.steps)["Higher"]


async def test_the_same_order_and_its_exit_are_asked_of_this_accounts_orders_alone(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await placed(stage, replace(LIMIT, product=Product.MIS))
    same = await stage.proposals.same_again(stage.actor, order.id, chat_id=PERSON)
    assert (same.draft.side, same.draft.quantity, same.draft.price) == (Side.BUY, 20, Decimal("1475.00"))
    elsewhere = replace(stage.actor, account=ELSEWHERE)
    for act in (stage.proposals.same_again, stage.proposals.positions.exit_of):
        for actor, order_id in ((elsewhere, order.id), (stage.actor, "nowhere"), (STRANGER, order.id)):
            with pytest.raises(NotFound, match="not one of this account's"):
                await act(actor, order_id, chat_id=PERSON)


@pytest.mark.parametrize(
    ("product", "says"),
    [
        (Product.MIS, "There is no open MIS position in it any more."),
        (Product.CNC, "There is no open CNC position in it any more. What has been delivered is in /holdings."),
    ],
)
async def test_an_exit_of_what_is_not_held_any_more_is_refused_in_words(clock: LoopClock, product: Product, says: str) -> None:
    stage = await set_stage(clock)
    with pytest.raises(CheckFailed) as refused:
        await stage.proposals.positions.exit_position(stage.actor, RELIANCE.key, product, chat_id=PERSON)
    assert refused.value.reasons == (says,)
    assert stage.broker.posts == 0


async def test_only_a_working_order_with_a_price_is_changed_and_only_by_who_may(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await placed(stage)

    async def modify(number: int = order.number, quantity: int | None = 30) -> object:
        return await stage.proposals.modify(stage.actor, number, price=None, quantity=quantity, chat_id=PERSON)

    await stage.becomes(Role.GUARDIAN)
    with pytest.raises(NotAllowed, match="You may not change an order here any more"):
        await modify()
    await stage.becomes(Role.OWNER)
    with pytest.raises(NotFound, match="no order #99 today"):
        await modify(number=99)
    stage.broker.fill(8)
    await stage.reconcile.sync(ACCOUNT.id)
    with pytest.raises(CheckFailed, match="8 of #1 are filled already"):
        await modify(quantity=8)
    stage.broker.fill(12)
    await stage.reconcile.sync(ACCOUNT.id)
    with pytest.raises(CheckFailed, match="#1 is filled: there is nothing to change"):
        await modify()
    market = an_order(
        id="m1", account_id=ACCOUNT.id, number=2, tag="TAGM", broker_id="9", draft=a_draft(kind=OrderKind.MARKET, price=None),
        status=OrderStatus.OPEN, created_at=clock.now(), sent_at=clock.now(), updated_at=clock.now(),
    )  # fmt: skip
    await stage.store.transaction(lambda db: db.orders.add(market, DAY))
    with pytest.raises(CheckFailed, match="#2 is a market order: it has no price to change"):
        await modify(number=2)


async def test_the_new_price_of_a_stop_is_its_trigger(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await placed(stage, replace(LIMIT, price=None, trigger=Decimal("1490.00")))
    proposal = await stage.proposals.modify(stage.actor, order.number, price=Decimal("1495.00"), quantity=None, chat_id=PERSON)
    assert proposal.draft.trigger == Decimal("1495.00")
    assert proposal.draft.price is not None
    assert proposal.draft.price > proposal.draft.trigger, "its limit moved with it"


async def test_without_an_account_or_without_words_nothing_is_proposed(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    with pytest.raises(PersonError, match="/link says how"):
        await stage.proposals.propose(replace(stage.actor, account=None), LIMIT, chat_id=PERSON)
    with pytest.raises(UsageError) as usage:
        await stage.proposals.propose(stage.actor, replace(LIMIT, symbol=" "), chat_id=PERSON)
    assert usage.value.example == "/buy RELIANCE 10"


async def test_orders_of_an_account_are_cancelled_by_who_may_reduce_and_by_nobody_else(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await placed(stage)
    await stage.becomes(Role.VIEWER)
    with pytest.raises(NotAllowed, match="You may not cancel here any more"):
        await stage.orders.cancel(stage.actor, order.id, chat_id=PERSON)
    with pytest.raises(NotAllowed, match="You may not cancel here any more"):
        await stage.orders.cancel_all(stage.actor)
    await stage.becomes(Role.OWNER)
    with pytest.raises(NotFound):
        await stage.orders.cancel(stage.actor, "nowhere", chat_id=PERSON)
    assert stage.broker.cancels == []
    (cancelled,) = await stage.orders.cancel_all(stage.actor)
    assert (cancelled.order.id, len(stage.broker.cancels)) == (order.id, 1)
