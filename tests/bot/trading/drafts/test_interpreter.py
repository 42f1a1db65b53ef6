"""Words meet the day's instruments, prices and what is held: one order, or a question whose buttons are whole commands."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, ChoiceWanted
from bot.domain.market.instrument import InstrumentKey, Right
from bot.domain.market.prices import Tick
from bot.domain.ports.broker import FeedMode
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from handlers.context.words.readings import readings
from handlers.registry import parse_command
from tests.handlers.samples import SHORT_CALL, a_holding, a_position
from tests.stage.brokers.broker import ScriptedBroker, StillFeed
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.market import a_future, a_share, an_index, an_option
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import DAY, PERSON

NIFTY = replace(an_index(), name="NIFTY 50")
VIX = replace(an_index("INDIAVIX"), name="INDIA VIX")
NIFTY_PUT = an_option(right=Right.PE)
TCS, TCS_FUTURE = a_share("TCS"), a_future("TCS", date(2026, 12, 29), lot=175, stock=True)
PRICES = {NIFTY.key: "24512.30", NIFTY_CALL.key: "690.10", NIFTY_PUT.key: "540.00", RELIANCE.key: "1480.30", TCS.key: "3140.00"}


class TrueFeed(StillFeed):
    """A feed with a price of its own for each instrument."""

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        price = Decimal(PRICES.get(key, "24550.00"))
        now = self.clock.now()
        return Tick(key=key, last=price, at=now, received=now)

    def watch(self, keys: object, mode: FeedMode = FeedMode.DEPTH) -> None: ...


async def a_desk(clock: LoopClock) -> DeskStage:
    broker = ScriptedBroker(clock)
    broker.scrips = [RELIANCE, NIFTY_CALL, NIFTY_PUT, a_future(), TCS, TCS_FUTURE, NIFTY, VIX]
    stage = await set_stage(clock, broker=broker)
    stage.connection.feed = TrueFeed(clock)
    return stage


async def said(stage: DeskStage, text: str) -> Proposal:
    typed = parse_command(text)
    assert typed is not None
    order = await stage.proposals.meant(stage.actor, readings(Side(typed.command.name.upper()), typed.words, DAY))
    return await stage.proposals.propose(stage.actor, order, chat_id=PERSON)


async def asked(stage: DeskStage, text: str) -> dict[str, str]:
    """The buttons of the question that the words are, with the commands behind them."""
    with pytest.raises(ChoiceWanted) as question:
        await said(stage, text)
    return dict(question.value.near)


async def test_a_number_near_an_index_is_a_strike_and_each_button_names_premium_and_cost(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    buttons = await asked(stage, "b nifty 24500")
    assert buttons == {
        "NF 24500CE 23Nov at 690.10, lot ₹44,856.50": f"/buy {NIFTY_CALL.name} 1lot",
        "NF 24500PE 23Nov at 540.00, lot ₹35,100.00": f"/buy {NIFTY_PUT.name} 1lot",
    }
    sized = await asked(stage, "b nifty 24500 130")
    assert list(sized.values()) == [f"/buy {NIFTY_CALL.name} 130", f"/buy {NIFTY_PUT.name} 130"]


@pytest.mark.parametrize("words", ["b nifty", "b NIFTY 50", "buy nifty 2lots"])
async def test_an_index_is_never_ordered_and_what_can_be_stands_on_buttons(clock: LoopClock, words: str) -> None:
    buttons = await asked(await a_desk(clock), words)
    assert [label.partition(" at ")[0] for label in buttons] == [
        "NF 24500CE 23Nov",
        "NF 24500PE 23Nov",
        "NF FUT 23Nov",
    ]
    assert all(command.endswith("2lots") == words.endswith("2lots") for command in buttons.values())


async def test_an_index_without_contracts_says_so(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    with pytest.raises(ChoiceWanted, match="INDIAVIX is an index, and no contract on it is traded"):
        await said(stage, "/buy INDIA VIX 1")


async def test_lots_of_a_share_are_its_future_or_that_many_shares(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    buttons = await asked(stage, "buy tcs 2lots")
    assert buttons == {"TCS FUT · 29 Dec: 2 lots = 350": f"/buy {TCS_FUTURE.name} 2lots", "2 shares of TCS": "/buy TCS 2"}
    for command, quantity in zip(buttons.values(), (350, 2), strict=True):
        assert (await said(stage, command)).draft.quantity == quantity


async def test_a_limit_is_told_from_a_size_by_the_price_of_now(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    draft = (await said(stage, "buy tcs 3150/- 10")).draft
    assert (draft.quantity, draft.price) == (10, Decimal(3150))
    draft = (await said(stage, "buy tcs 3.15k 10")).draft
    assert (draft.quantity, draft.price) == (10, Decimal(3150))
    assert set(await asked(stage, "buy tcs 5 30k")) == {"Buy 5 @ 30,000.00", "Buy 30,000 @ 5.00"}


async def test_a_stop_and_a_target_that_are_said_stand_on_the_card(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    for words, stop, limit, target in (
        ("b reliance 10 1475 sl 1450 t 2%", "1450.00", "1435.50", "1504.50"),
        ("b reliance 10 1475 sl 20pts t 1500", "1455.00", "1440.50", "1500.00"),
        ("b reliance 10 1475 sl 1450/1440", "1450.00", "1440.00", None),
        ("b reliance 10 1475 t 1500", None, None, "1500.00"),
    ):
        attached = (await said(stage, words)).attached
        assert attached is not None
        assert (attached.stop, attached.stop_limit, attached.target) == tuple(
            Decimal(each) if each is not None else None for each in (stop, limit, target)
        ), words
    assert (await said(stage, "b reliance 10 1475")).attached is None


async def test_a_stop_on_the_wrong_side_is_offered_on_the_losing_one(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    assert await asked(stage, "b reliance 10 1475 sl 1500") == {"Stop at 1,450.00": "/buy RELIANCE 10 @1475 sl @1450"}
    assert set(await asked(stage, "b reliance 10 1475 sl 25")) == {"Stop at 1,455.30", "Stop at 25.00"}


async def test_a_size_by_risk_is_as_many_lots_as_lose_no_more_at_the_stops_worst_price(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    card = await said(stage, "b reliance 1475 risk 1000 sl 1450/1440")
    assert (card.draft.quantity, card.stopped_at) == (28, Decimal(-980))
    assert "at most ₹1,000.00" in card.warnings[0].say
    assert (await said(stage, "b reliance 1475 risk 1000 sl 1450")).draft.quantity == 25  # the stop's own worst price: 1,435.50
    with pytest.raises(CheckFailed, match=r"does not cover one share: it loses 35\.00"):
        await said(stage, "b reliance 1475 risk 30 sl 1450/1440")
    assert await asked(stage, "b reliance 1475 risk 1000 sl 1500") == {
        "Stop at 1,450.00": "/buy RELIANCE risk 1000 @1475 sl @1450"
    }


async def test_a_disclosed_quantity_goes_where_the_exchange_has_one(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    assert (await said(stage, "b reliance 100 1475 dq 30")).draft.disclosed == 30
    near = await asked(stage, "b reliance 100 1475 dq 10")
    assert near == {"Show 30": "/buy RELIANCE 100 @1475 dq 30", "Show all of it": "/buy RELIANCE 100 @1475"}
    assert set(await asked(stage, "b nifty 24500 ce 65 100 dq 30")) == {"Show all of it"}
    assert set(await asked(stage, "b reliance 100 ioc dq 30")) == {"Show all of it"}


async def test_a_stop_to_the_market_goes_where_the_exchange_takes_one(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    draft = (await said(stage, "b reliance 10 stop 1500 mkt")).draft
    assert (draft.kind, draft.trigger, draft.price) == (OrderKind.SL_M, Decimal(1500), None)
    near = await asked(stage, "b nifty 24500 ce 65 stop 120 mkt")
    assert list(near) == ["Stop with a worst price"]


async def test_all_and_half_are_what_is_held_in_whole_lots(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    stage.broker.demat = [a_holding(collateral=0)]
    assert (await said(stage, "sell all reliance")).draft.quantity == 45
    assert (await said(stage, "s reliance half")).draft.quantity == 22
    stage.broker.held = [replace(SHORT_CALL, quantity=-195)]
    covered = (await said(stage, "b nifty 24500 ce half")).draft
    assert (covered.quantity, covered.product) == (65, Product.NRML)
    with pytest.raises(CheckFailed, match="There is no TCS to sell"):
        await said(stage, "sell tcs all")


async def test_all_of_what_is_held_in_two_ways_is_a_question_with_the_size_of_each(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    stage.broker.demat = [a_holding(collateral=0)]
    stage.broker.held = [a_position(product=Product.MIS, quantity=10)]
    assert await asked(stage, "sell all reliance") == {
        "MIS 10": "/sell RELIANCE 10 mis",
        "CNC 45": "/sell RELIANCE 45 cnc",
    }


async def test_shares_sold_today_out_of_the_holdings_are_not_sold_once_more(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    stage.broker.demat = [a_holding(collateral=0)]
    stage.broker.held = [a_position(quantity=-30, sold=30, bought=0)]
    assert (await said(stage, "sell all reliance")).draft.quantity == 15


async def test_a_sale_of_more_than_there_is_offers_what_there_is(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    stage.broker.demat = [a_holding(quantity=15, t1=0, collateral=0)]
    with pytest.raises(CheckFailed) as refused:
        await said(stage, "/sell reliance 20")
    assert refused.value.near == (("Sell 15", "/sell RELIANCE-EQ 15 cnc nse"),)
    assert (await said(stage, refused.value.near[0][1])).draft.quantity == 15


@pytest.mark.parametrize(("held", "says"), [(0, "Opens a short of 5"), (3, "Opens a short of 2, closes 3"), (5, None)])
async def test_a_sale_that_opens_a_short_is_called_so(clock: LoopClock, held: int, says: str | None) -> None:
    stage = await a_desk(clock)
    stage.broker.held = [a_position(product=Product.MIS, quantity=held)] if held else []
    warnings = [warning.say for warning in (await said(stage, "s reliance 5 mis")).warnings]
    assert [warning for warning in warnings if "short" in warning] == ([says] if says else [])


async def test_a_price_between_ticks_is_written_as_prices_are(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    with pytest.raises(ChoiceWanted) as question:
        await said(stage, "b reliance 10 1490.05")
    assert question.value.say == "1,490.05 is between ticks: RELIANCE moves in steps of 0.10."
    assert [label for label, _ in question.value.near] == ["1,490.00", "1,490.10"]


async def test_a_few_units_of_a_contract_are_asked_about_as_lots_too(clock: LoopClock) -> None:
    stage = await a_desk(clock)
    assert list(await asked(stage, "b nifty 24500 ce 2")) == ["1 lot = 65", "2 lots = 130"]
    assert list(await asked(stage, "b nifty 24500 ce 5")) == ["1 lot = 65", "5 lots = 325"]
    assert list(await asked(stage, "b nifty 24500 ce 1")) == ["1 lot = 65"]
    assert list(await asked(stage, "b nifty 24500 ce 75")) == ["1 lot = 65", "2 lots = 130"]
    assert list(await asked(stage, "b nifty 24500 ce 64")) == ["1 lot = 65"]
