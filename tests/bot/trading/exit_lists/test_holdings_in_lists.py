"""Holdings sold in a list: what is sellable of each, what the depository has to say, one Confirm, and each row its own result."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, ChoiceWanted
from bot.domain.exits.exit_list import ExitCard
from bot.domain.market.instrument import Instrument
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.people.account import Role
from bot.domain.positions.portfolio import Holding
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.access import access
from tests.stage.brokers.broker import TrueOrder
from tests.stage.floor import CALL, INFY, ITC, TCS, FloorStage, set_floor
from tests.stage.values.market import a_share
from tests.storage.samples import PERSON

WIPRO = a_share("WIPRO")
TPIN = "mStock may need your CDSL TPIN today: authorise in the mStock app, then confirm (/ddpi yes if a DDPI is on file)"


def holding(instrument: Instrument, quantity: int, *, t1: int = 0, authorised: int = 0, collateral: int = 0) -> Holding:
    return Holding(
        instrument=instrument, isin="INE154A01025", quantity=quantity, t1=t1, authorised=authorised, collateral=collateral,
        average=Decimal("90.00"), last=Decimal("100.00"), previous_close=Decimal("99.00"),
    )  # fmt: skip


async def with_holdings(clock: LoopClock, *demat: Holding) -> FloorStage:
    stage = await set_floor(clock)
    stage.broker.demat = list(demat)
    for each in demat:
        stage.broker.instruments[each.instrument.key] = each.instrument
    return stage


def rows(card: ExitCard) -> list[tuple[str, int]]:
    return [(row.draft.instrument.symbol, row.draft.quantity) for row in card.exits.rows]


def said(card: ExitCard, number: int) -> Sequence[str]:
    return [words for row, words in card.remarks if row == number]


async def test_each_holding_is_a_row_of_what_is_left_less_what_is_pledged_and_one_confirm_sells_them(clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40, authorised=40), holding(TCS, 20, authorised=20, collateral=5))
    stage.broker.opens(ITC, -10, Product.CNC)  # sold this morning
    card = await stage.ask("holdings")
    assert (rows(card), card.of_demat) == ([("ITC", 30), ("TCS", 15)], True)
    assert {(row.draft.side, row.draft.product) for row in card.exits.rows} == {(Side.SELL, Product.CNC)}
    assert card.profit == Decimal(450)
    async with stage.running():
        await stage.tap(card)
        await asyncio.sleep(3)
    assert await stage.states(card) == ["FILLED", "FILLED"]
    assert (stage.broker.quantity(ITC, Product.CNC), stage.broker.quantity(TCS, Product.CNC)) == (-40, -15)
    assert stage.broker.posts == 2


async def test_each_row_says_what_the_depository_has_against_it_and_another_row_does_not(clock: LoopClock) -> None:
    stage = await with_holdings(
        clock, holding(ITC, 40, t1=10, authorised=50), holding(TCS, 20, collateral=5, authorised=15), holding(INFY, 7)
    )
    card = await stage.ask("holdings")
    assert rows(card) == [("ITC", 50), ("TCS", 15), ("INFY", 7)]
    assert said(card, 0) == ["10 are not in demat yet: if your seller fails to deliver you face the auction"]
    assert said(card, 1) == ["5 more are pledged: they are sold only after you unpledge them"]
    assert said(card, 2) == [TPIN]
    await stage.desk.core.services.accounts.ddpi(stage.desk.actor, on_file=True)
    assert said(await stage.ask("holdings"), 2) == []


async def test_the_words_are_those_of_the_same_sale_alone(clock: LoopClock) -> None:
    held = (holding(ITC, 40, t1=10), holding(TCS, 20, collateral=5))
    stage = await with_holdings(clock, *held)
    card = await stage.ask("holdings")
    for number, each in enumerate(held):
        alone = await stage.desk.core.services.exits.ask(stage.desk.actor, f"holdings {each.instrument.symbol}", chat_id=PERSON)
        assert isinstance(alone, Proposal)
        assert alone.draft.quantity == each.sellable
        demat = [remark.say for remark in alone.warnings if remark.name in ("undelivered", "unauthorised", "pledged")]
        assert said(card, number) == demat


async def test_exit_all_never_touches_holdings_and_says_of_todays_delivery_what_it_is(clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40, authorised=40), holding(TCS, 20))
    stage.broker.opens(CALL, 65)
    stage.broker.opens(ITC, 10, Product.CNC)
    card = await stage.ask("all")
    assert sorted(rows(card)) == [("ITC", 10), ("NIFTY", 65)]
    itc = next(row.number for row in card.exits.rows if row.draft.instrument == ITC)
    assert said(card, itc) == ["10 were bought today: sold today they count as intraday"]
    async with stage.running():
        await stage.tap(card)
        await asyncio.sleep(3)
    assert (stage.broker.quantity(ITC, Product.CNC), stage.broker.posts) == (0, 2)


@pytest.mark.parametrize("words", ["all", "longs", "red", "green", "delivery", "intraday"])
async def test_with_no_position_open_no_word_but_holdings_sells_one(words: str, clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40))
    with pytest.raises(CheckFailed, match="There is no open position"):
        await stage.ask(words)


async def test_the_name_of_a_share_that_is_only_held_is_a_question(clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40), holding(TCS, 5))
    with pytest.raises(ChoiceWanted, match="It is in the demat account") as asked:
        await stage.ask("itc")
    assert list(asked.value.near) == [("Sell 40 ITC", f"/exit {ITC.name} holdings")]
    card = await stage.desk.core.services.exits.ask(stage.desk.actor, f"{ITC.name} holdings", chat_id=PERSON)
    assert isinstance(card, Proposal)
    assert (card.draft.quantity, card.draft.product) == (40, Product.CNC)


@pytest.mark.parametrize(("words", "sizes"), [("holdings half", [20, 10]), ("holdings 25%", [10, 5]), ("my holdings", [40, 21])])
async def test_a_part_of_each_is_whole_shares_rounded_down(words: str, sizes: list[int], clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40), holding(TCS, 21))
    assert [quantity for _, quantity in rows(await stage.ask(words))] == sizes


async def test_those_in_loss_alone(clock: LoopClock) -> None:
    lost = replace(holding(INFY, 7), average=Decimal("120.00"))
    also = replace(holding(TCS, 9), average=Decimal("101.00"))
    stage = await with_holdings(clock, holding(ITC, 40), lost, also)
    assert rows(await stage.ask("holdings red")) == [("INFY", 7), ("TCS", 9)]


async def test_a_number_without_a_name_asks_of_which_and_its_buttons_say_it_again(clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40), holding(TCS, 5))
    with pytest.raises(ChoiceWanted, match="Which of them") as asked:
        await stage.ask("holdings 10")
    assert list(asked.value.near) == [("+40 ITC CNC", f"/exit {ITC.name} holdings 10")]


async def test_what_is_pledged_or_sold_whole_is_named_and_left(clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40, collateral=40), holding(TCS, 5), holding(INFY, 7), holding(WIPRO, 3))
    stage.broker.opens(TCS, -5, Product.CNC)
    card = await stage.ask("holdings")
    assert {"ITC: 40 pledged", "TCS: sold today"} <= set(card.not_touched)
    stage.broker.demat = stage.broker.demat[:2]
    await asyncio.sleep(2)
    with pytest.raises(CheckFailed, match="No share in the demat account can be sold"):
        await stage.ask("holdings")


async def test_a_guardian_sells_holdings_only_where_the_owner_allowed_it(clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40, authorised=40), holding(TCS, 5, authorised=5))
    owner = stage.desk.actor
    now = clock.now()
    await stage.desk.store.transaction(lambda db: db.people.add(owner.user, Role.GUARDIAN, None, now))
    stage.desk.actor = replace(owner, role=Role.GUARDIAN)
    with pytest.raises(CheckFailed, match="delivery is the owner's"):
        await stage.ask("holdings")
    await access(stage.desk).put(guardian_sells_holdings=True)
    card = await stage.ask("holdings")
    assert len(rows(card)) == 2
    await access(stage.desk).put(guardian_sells_holdings=False)
    with pytest.raises(CheckFailed, match="delivery and holdings are the owner's"):
        await stage.tap(card)
    await access(stage.desk).put(guardian_sells_holdings=True)
    async with stage.running():
        await stage.tap(card)
        await asyncio.sleep(3)
    assert await stage.states(card) == ["FILLED", "FILLED"]


async def test_rows_that_mstock_sent_garbled_are_said_to_stay(clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40, authorised=40), holding(TCS, 5, authorised=5))
    stage.broker.holdings_left_out = 2
    card = await stage.ask("holdings")
    assert list(card.warnings) == ["2 of mStock's rows of holdings could not be read, and stay"]


async def test_one_that_is_refused_leaves_the_others_sold_and_a_second_list_sells_nothing_twice(clock: LoopClock) -> None:
    stage = await with_holdings(clock, *(holding(each, 10, authorised=10) for each in (ITC, TCS, INFY)))
    stage.broker.ways[TCS.key] = "reject"
    card, again = await stage.ask("holdings"), await stage.ask("holdings")
    async with stage.running():
        await asyncio.gather(stage.tap(card), stage.tap(again, 78))
        await asyncio.sleep(5)
    assert sorted(await stage.states(card) + await stage.states(again)).count("FILLED") == 2
    sold = {each.symbol: stage.broker.quantity(each, Product.CNC) for each in (ITC, TCS, INFY)}
    assert sold == {"ITC": -10, "TCS": 0, "INFY": -10}


def stop_on(stage: FloorStage, instrument: Instrument, quantity: int) -> TrueOrder:
    """A stop of the broker's own app on a holding."""
    stop = OrderDraft(
        instrument=instrument, side=Side.SELL, quantity=quantity, kind=OrderKind.SL, product=Product.CNC,
        trigger=Decimal("90.00"), price=Decimal("88.00"),
    )  # fmt: skip
    return stage.broker.app_order(stop, status=OrderStatus.TRIGGER_PENDING)


async def test_the_stop_on_a_holding_becomes_its_sale_and_that_of_another_row_stands_beside_it(clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40, authorised=40), holding(TCS, 20, authorised=20))
    stop = stop_on(stage, ITC, 40)
    await stage.desk.reconcile.sync("a1")
    card = await stage.ask("holdings")
    assert [order.draft.instrument for order in card.turns] == [ITC]
    async with stage.running():
        await stage.tap(card)
        await asyncio.sleep(3)
    assert await stage.states(card) == ["FILLED", "FILLED"]
    assert (stop.draft.kind, stop.filled, stage.broker.posts) == (OrderKind.LIMIT, 40, 1)


async def test_holdings_are_sold_and_what_was_bought_today_keeps_a_stop(clock: LoopClock) -> None:
    stage = await with_holdings(clock, holding(ITC, 40, authorised=40), holding(TCS, 20, authorised=20))
    stage.broker.opens(ITC, 10, Product.CNC)
    stop = stop_on(stage, ITC, 50)
    await stage.desk.reconcile.sync("a1")
    card = await stage.ask("holdings")
    assert rows(card) == [("ITC", 40), ("TCS", 20)]
    async with stage.running():
        await stage.tap(card)
        await asyncio.sleep(3)
    assert (stop.draft.kind, stop.draft.quantity - stop.filled) == (OrderKind.SL, 10)
    assert sum(order.filled for order in stage.broker.true if order.draft.instrument == ITC) == 40
