"""The day's band where the host named it: an exit goes no further than its edge, by whichever way it leaves."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed
from bot.domain.exits.exit_list import ExitCard
from bot.domain.market.instrument import Exchange
from bot.domain.market.rules import Band
from bot.domain.news.plans.exits import ExitAsks
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.plans.plan import Attached
from bot.domain.proposals.proposal import Change, Proposal
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.baskets.basket_builder import Asked
from tests.stage.tape import TapeStage, set_tape
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

BAND = Band(exchange=Exchange.NSE, symbol="RELIANCE", percent=Decimal(5), since=date(2026, 1, 1), source="a row of the host")
REFERENCE = replace(REFERENCE_DATA, rules=replace(REFERENCE_DATA.rules, bands=(BAND,)))
LOW, HIGH = Decimal("1425.00"), Decimal("1575.00")  # five per cent about a close of 1,500
OUT = OrderRequest(side=Side.SELL, symbol="RELIANCE", product=Product.MIS, quantity=10)


async def banded(clock: LoopClock, open_: int = 10, last: str = "1480.00") -> TapeStage:
    stage = await set_tape(clock, reference=REFERENCE)
    stage.desk.feed.previous_close = Decimal("1500.00")
    stage.broker.open_with(open_)
    stage.broker.trade(last)
    return stage


async def ask(stage: TapeStage, request: OrderRequest) -> Proposal:
    return await stage.desk.proposals.propose(stage.desk.actor, request, chat_id=PERSON)


def said(proposal: Proposal) -> dict[str, str]:
    return {remark.name: remark.say for remark in proposal.warnings}


@pytest.mark.parametrize(
    ("open_", "side", "typed", "edge"),
    [
        (10, Side.SELL, "1600.00", HIGH),
        (10, Side.SELL, "1400.00", LOW),
        (-10, Side.BUY, "1400.00", LOW),
        (-10, Side.BUY, "1600.00", HIGH),
    ],
)
async def test_an_exit_typed_beyond_the_band_is_asked_and_sent_at_its_edge(
    clock: LoopClock, open_: int, side: Side, typed: str, edge: Decimal
) -> None:
    stage = await banded(clock, open_)
    card = await ask(stage, replace(OUT, side=side, price=Decimal(typed)))
    assert (card.draft.price, card.closes) == (edge, 10)
    assert said(card)["band_edge"] == f"{Decimal(typed):,} is outside the day's band, 1,425.00 to 1,575.00: set to its edge"
    assert "exit_beyond_band" not in said(card)
    await stage.desk.tap(await stage.desk.card(card))
    assert [order.draft.price for order in stage.broker.true] == [edge]


async def test_an_entry_beyond_the_band_is_refused_and_never_moved(clock: LoopClock) -> None:
    stage = await banded(clock, 0)
    with pytest.raises(CheckFailed, match="outside the day's band"):
        await ask(stage, replace(OUT, side=Side.BUY, price=Decimal("1600.00")))
    with pytest.raises(CheckFailed, match=r"1,580.00 is outside the day's band, 1,425.00 to 1,575.00"):
        await ask(stage, replace(OUT, side=Side.BUY, trigger=Decimal("1580.00"), market=True))


async def test_a_stop_typed_near_the_band_sells_down_to_its_edge_and_a_trigger_beyond_it_is_warned_of(clock: LoopClock) -> None:
    stage = await banded(clock)
    card = await ask(stage, replace(OUT, trigger=Decimal("1430.00")))
    assert (card.draft.kind, card.draft.trigger, card.draft.price) == (OrderKind.SL, Decimal("1430.00"), LOW)
    assert said(card)["band_edge"].endswith("set to its edge")
    far = await ask(stage, replace(OUT, trigger=Decimal("1410.00")))
    assert (far.draft.trigger, far.draft.price) < (Decimal("1410.01"), Decimal("1410.00"))
    assert said(far)["exit_beyond_band"] == (
        "1,410.00 is outside the day's band, 1,425.00 to 1,575.00: the exchange will reject it"
    )
    assert "band_edge" not in said(far)


async def test_changes_of_an_exit_and_of_its_card_stay_within_the_band(clock: LoopClock) -> None:
    stage = await banded(clock)
    first = await ask(stage, replace(OUT, price=Decimal("1550.00")))
    token = await stage.desk.card(first)
    card = await stage.desk.proposals.change(stage.desk.actor, token, Change(price=Decimal("1590.00")), chat_id=PERSON)
    assert (card.draft.price, "band_edge" in said(card)) == (HIGH, True)
    await stage.desk.tap(await stage.desk.card(card))
    changed = await stage.desk.proposals.modify(stage.desk.actor, 1, price=Decimal("1410.00"), quantity=None, chat_id=PERSON)
    assert (changed.draft.price, "band_edge" in said(changed)) == (LOW, True)
    await stage.desk.tap(await stage.desk.card(changed, 78), 78)
    assert [each.price for each in stage.broker.changes] == [LOW]


async def test_an_exit_without_a_price_and_a_panic_name_the_edge_as_their_worst(clock: LoopClock) -> None:
    stage = await banded(clock, last="1427.00")
    card = await ask(stage, OUT)
    assert (card.draft.price, card.draft.protected, "band_edge" in said(card)) == (LOW, True, True)
    panic = await stage.desk.core.services.exits.ask_panic(stage.desk.actor, chat_id=PERSON)
    assert isinstance(panic, ExitCard)
    assert [row.draft.price for row in panic.exits.rows] == [LOW]


async def test_the_stop_of_an_entry_is_named_and_placed_no_further_than_the_edge(clock: LoopClock) -> None:
    stage = await banded(clock, 0)
    entry = replace(OUT, side=Side.BUY, price=Decimal("1480.00"))
    near = Attached(stop=Decimal("1430.00"))
    card = await stage.desk.proposals.propose(stage.desk.actor, entry, chat_id=PERSON, attached=near)
    assert card.attached is not None
    assert (card.attached.stop_limit, "stop_beyond_band" in said(card)) == (LOW, False)
    far = await stage.desk.proposals.propose(
        stage.desk.actor, entry, chat_id=PERSON, attached=Attached(stop=Decimal("1410.00"), stop_limit=Decimal("1400.00"))
    )
    assert said(far)["stop_beyond_band"].startswith("The stop's 1,410.00 is outside the day's band")
    async with stage.running():
        await stage.desk.tap(await stage.desk.card(card))
        stage.trade("1480.00")
        await asyncio.sleep(5)
        assert [(each.draft.trigger, each.draft.price) for each in stage.broker.working()] == [(Decimal("1430.00"), LOW)]


async def test_a_stop_whose_worst_price_was_confirmed_before_the_band_was_known_is_placed_at_its_edge(clock: LoopClock) -> None:
    stage = await banded(clock, 0)
    stage.desk.feed.previous_close = None
    entry = replace(OUT, side=Side.BUY, price=Decimal("1480.00"))
    card = await stage.desk.proposals.propose(
        stage.desk.actor, entry, chat_id=PERSON, attached=Attached(stop=Decimal("1430.00"), stop_limit=Decimal("1420.00"))
    )
    async with stage.running():
        await stage.desk.tap(await stage.desk.card(card))
        stage.desk.feed.previous_close = Decimal("1500.00")
        stage.trade("1480.00")
        await asyncio.sleep(5)
        assert [(each.draft.trigger, each.draft.price) for each in stage.broker.working()] == [(Decimal("1430.00"), LOW)]
        orders = await stage.desk.store.transaction(lambda db: db.orders.unsettled(ACCOUNT.id))
        assert [order.draft.price for order in orders] == [LOW], "the record has the price that was sent"


async def test_the_price_that_a_stop_gapped_through_rings_with_is_the_edge(clock: LoopClock) -> None:
    stage = await banded(clock)
    card = await ask(stage, replace(OUT, trigger=Decimal("1450.00"), trigger_limit=Decimal("1445.00")))
    await stage.desk.tap(await stage.desk.card(card))
    async with stage.running():
        stage.trade("1427.00")
        await asyncio.sleep(10)
        assert [each.price for each in await stage.desk.notices() if isinstance(each, ExitAsks)] == [LOW]


async def test_a_way_out_in_a_basket_stays_within_the_band_and_its_card_says_so(clock: LoopClock) -> None:
    stage = await banded(clock)
    exit_, entry = (
        OrderDraft(instrument=of, side=side, quantity=quantity, kind=OrderKind.LIMIT, product=product, price=Decimal(at))
        for of, side, quantity, product, at in (
            (RELIANCE, Side.SELL, 10, Product.MIS, "1600.00"),
            (NIFTY_CALL, Side.BUY, NIFTY_CALL.lot, Product.NRML, "400.00"),
        )
    )
    builder = stage.desk.core.services.baskets.builder
    card = await builder.of_drafts(stage.desk.actor, (entry, exit_), Asked(chat_id=PERSON))
    assert {row.draft.instrument: row.draft.price for row in card.exits.rows} == {NIFTY_CALL: Decimal("400.00"), RELIANCE: HIGH}
    assert any("RELIANCE: 1,600.00 is outside the day's band" in each for each in card.warnings)
