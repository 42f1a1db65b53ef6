"""A list of exits under one Confirm: what is meant, in which order it goes, and what stops it."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, ChoiceWanted, ConfirmationGone, NotAllowed, SessionExpired
from bot.domain.exits.exit_list import ExitsShown
from bot.domain.news.plans.exits import Told
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.floor import BANK, CALL, INFY, ITC, OPTIONS, PUT, SHORT_CALL, TCS, FloorStage, set_floor
from tests.stage.tape import a_stop
from tests.storage.samples import PERSON


async def six_rows(clock: LoopClock) -> FloorStage:
    """A covered short call, a put, another underlying, and two shares."""
    stage = await set_floor(clock)
    stage.broker.opens_all(OPTIONS)
    stage.broker.opens(ITC, 10, Product.MIS)
    stage.broker.opens(TCS, -5, Product.MIS)
    return stage


async def test_exit_all_closes_every_row_and_the_cover_only_after_the_fill_of_the_short(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stage.broker.ways[SHORT_CALL.key] = "rest"
    async with stage.running():
        card = await stage.ask("all")
        await stage.tap(card)
        await asyncio.sleep(2)
        assert stage.broker.quantity(CALL) == 65, "the cover waits"
        assert [stage.broker.quantity(each) for each in (PUT, BANK)] == [0, 0]
        stage.broker.passes(stage.broker.true[0])
        await stage.desk.reconcile.sync("a1")
        await asyncio.sleep(2)
    assert not any(stage.broker.net.values())
    assert (stage.broker.posts, stage.broker.wrong) == (6, [])
    assert all(stage.broker.urgent)
    assert (await stage.shown(card)).over


async def test_what_is_meant_is_what_stood_on_the_card(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    card = await stage.ask("longs")
    stage.broker.opens(INFY, 7, Product.MIS)
    stage.broker.net[BANK.key, Product.NRML] = 90
    stage.broker.net[PUT.key, Product.NRML] = 65
    async with stage.running():
        await stage.tap(card)
        await asyncio.sleep(3)
    assert stage.broker.quantity(INFY, Product.MIS) == 7
    assert (stage.broker.quantity(BANK), stage.broker.quantity(PUT)) == (30, 0), "no more than was listed, nor than is open"
    assert stage.broker.wrong == []


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("ce", {"NIFTY26NOV24500CE", "NIFTY26NOV24800CE", "BANKNIFTY26NOV52000CE"}),
        ("nifty", {"NIFTY26NOV24500CE", "NIFTY26NOV24800CE", "NIFTY26NOV24000PE"}),
        ("nf ce", {"NIFTY26NOV24500CE", "NIFTY26NOV24800CE"}),
        ("intraday", {"ITC-EQ", "TCS-EQ"}),
        ("shorts", {"NIFTY26NOV24500CE", "TCS-EQ"}),
    ],
)
async def test_the_words_name_rows_that_are_open(words: str, rows: set[str], clock: LoopClock) -> None:
    stage = await six_rows(clock)
    card = await stage.ask(words)
    assert {row.draft.instrument.name for row in card.exits.rows} == rows


async def test_half_rounds_down_to_whole_lots_and_names_what_cannot_be_divided(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    card = await stage.ask("nifty half")
    assert [(row.draft.instrument, row.draft.quantity) for row in card.exits.rows] == [(PUT, 65)]
    assert [each.endswith("less than one lot cannot be sent") for each in card.not_touched] == [True, True]


async def test_half_of_one_lot_is_a_question(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    with pytest.raises(ChoiceWanted, match="less than one lot") as asked:
        await stage.desk.core.services.exits.ask(stage.desk.actor, "24500 ce half", chat_id=PERSON)
    assert asked.value.near == (("All 65", "/exit NIFTY26NOV24500CE nrml"),)


async def test_one_position_is_asked_with_its_own_card(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    card = await stage.desk.core.services.exits.ask(stage.desk.actor, "itc 4", chat_id=PERSON)
    assert isinstance(card, Proposal)
    assert (card.draft.side, card.draft.quantity, card.draft.product, card.closes) == (Side.SELL, 4, Product.MIS, 10)


async def test_several_products_of_one_symbol_are_buttons(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stage.broker.opens(ITC, 20, Product.CNC)
    with pytest.raises(ChoiceWanted) as asked:
        await stage.ask("itc")
    assert [command for _, command in asked.value.near] == ["/exit ITC-EQ mis", "/exit ITC-EQ cnc", "/exit itc all"]
    card = await stage.ask("itc all")
    assert {row.draft.product for row in card.exits.rows} == {Product.MIS, Product.CNC}


async def test_a_covering_long_alone_asks_first_and_both_go_in_leg_order(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    with pytest.raises(ChoiceWanted, match="This covers −65 NF 24500CE") as asked:
        await stage.ask("24800 ce")
    assert [label for label, _ in asked.value.near] == ["Short first", "Both", "Only this"]
    both = await stage.ask(asked.value.near[1][1].removeprefix("/exit "))
    assert [(row.draft.side, row.after) for row in both.exits.rows] == [(Side.BUY, ()), (Side.SELL, (0,))]
    alone = await stage.desk.core.services.exits.ask(
        stage.desk.actor, asked.value.near[2][1].removeprefix("/exit "), chat_id=PERSON
    )
    assert isinstance(alone, Proposal)
    with pytest.raises(ChoiceWanted, match="This covers"):
        await stage.desk.core.services.exits.ask_position(stage.desk.actor, CALL.key, Product.NRML, chat_id=PERSON)


async def test_a_guardian_leaves_no_short_uncovered_and_sells_no_delivery(clock: LoopClock) -> None:
    stage = await set_floor(clock, role=Role.GUARDIAN)
    stage.broker.opens(CALL, 65)
    stage.broker.opens(SHORT_CALL, -65)
    stage.broker.opens(PUT, 65)
    stage.broker.opens(ITC, 10, Product.CNC)
    with pytest.raises(CheckFailed, match="it covers the short"):
        await stage.ask("longs")
    card = await stage.ask("all")
    assert any("delivery is the owner's" in each for each in card.not_touched)
    async with stage.running():
        await stage.tap(card)
        await asyncio.sleep(2)
    assert stage.broker.quantity(ITC, Product.CNC) == 10
    assert [stage.broker.quantity(each) for each in (CALL, SHORT_CALL, PUT)] == [0, 0, 0]


async def test_a_list_that_leaves_a_short_bare_says_so(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    card = await stage.ask("longs")
    assert card.warnings == ("Leaves NF 24500CE 23Nov without its cover",)


async def test_the_cover_rings_after_five_seconds_and_goes_when_the_person_says_so(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stage.broker.ways[SHORT_CALL.key] = "rest"
    async with stage.running():
        card = await stage.ask("nifty")
        await stage.tap(card)
        await asyncio.sleep(4)
        assert await stage.news() == []
        await asyncio.sleep(3)
        assert [(each.told, each.waiting, len(each.rows)) for each in await stage.news()] == [(Told.STALLED, 1, 1)]
        await asyncio.sleep(20)
        assert len(await stage.news()) == 1, "it rings once"
        await stage.desk.core.services.exits.go_on(stage.desk.actor, card.confirmation.token)
    assert stage.broker.quantity(CALL) == 0
    assert stage.broker.posts == 3


async def test_stop_here_sends_nothing_more(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stage.broker.ways[SHORT_CALL.key] = "reject"
    async with stage.running():
        card = await stage.ask("nifty")
        await stage.tap(card)
        await asyncio.sleep(2)
        assert [each.told for each in await stage.news()] == [Told.STALLED], "a refusal rings at once"
        shown = await stage.desk.core.services.exits.stop_here(stage.desk.actor, card.confirmation.token)
        assert shown.over
        await asyncio.sleep(10)
    assert stage.broker.quantity(CALL) == 65
    assert await stage.states(card) == ["REFUSED", "LEFT", "FILLED"]


async def test_an_answer_that_is_lost_stops_its_row_and_the_cover_alone(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stage.broker.ways[SHORT_CALL.key] = "lost"
    async with stage.running():
        card = await stage.ask("all")
        await stage.tap(card)
        await asyncio.sleep(30)
    assert stage.broker.posts == 5, "the short's one order, four others, and no cover"
    assert stage.broker.quantity(CALL) == 65
    states = dict(zip((row.draft.instrument for row in card.exits.rows), await stage.states(card), strict=True))
    assert (states[SHORT_CALL], states[CALL]) == ("UNKNOWN", "WAITS")


async def test_a_stop_becomes_the_exit_of_its_row(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stop = replace(a_stop(10), instrument=ITC, price=Decimal("80.00"), trigger=Decimal("90.00"))
    order = stage.broker.app_order(stop, status=OrderStatus.TRIGGER_PENDING)
    await stage.desk.reconcile.sync("a1")
    async with stage.running():
        await stage.tap(await stage.ask("intraday"))
        await asyncio.sleep(2)
    assert (stage.broker.quantity(ITC, Product.MIS), order.status) == (0, OrderStatus.FILLED)
    assert (stage.broker.posts, stage.broker.wrong) == (1, [])


async def test_what_is_above_the_freeze_goes_in_slices(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(PUT, 65 * 60)
    stage.broker.opens(BANK, 30)
    card = await stage.ask("all")
    sizes = [[piece.quantity for piece in row.slices] for row in card.exits.rows]
    assert sizes == [[1755, 1755, 390], [30]]
    async with stage.running():
        await stage.tap(card)
        await asyncio.sleep(3)
    assert (stage.broker.quantity(PUT), stage.broker.posts, stage.broker.wrong) == (0, 4, [])


async def test_a_second_finger_does_nothing_and_a_role_that_is_gone_sends_nothing(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    card = await stage.ask("intraday")
    await stage.tap(card)
    with pytest.raises(ConfirmationGone):
        await stage.tap(card)
    assert stage.broker.posts == 2
    other = await stage.ask("ce")
    await stage.desk.becomes(Role.VIEWER)
    with pytest.raises(NotAllowed):
        await stage.tap(other)
    assert stage.broker.posts == 2


async def test_a_list_cut_off_by_a_restart_goes_on_and_sends_nothing_twice(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stage.broker.ways[SHORT_CALL.key] = "rest"
    async with stage.running():
        card = await stage.ask("all")
        await stage.tap(card)
    again = await stage.again()
    async with again.running():
        await asyncio.sleep(2)
        assert stage.broker.posts == 5
        stage.broker.passes(stage.broker.true[0])
        await again.desk.reconcile.sync("a1")
        await asyncio.sleep(2)
    assert (stage.broker.posts, stage.broker.wrong) == (6, [])
    assert not any(stage.broker.net.values())


async def test_what_of_a_list_had_not_left_when_the_process_was_gone_goes_after_the_restart(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stage.broker.turns = 2  # as many leave; the rest wait for the order rate
    async with stage.running():
        tap = asyncio.create_task(stage.tap(await stage.ask("all")))
        await asyncio.sleep(2)
        assert stage.broker.posts == 2
        stage.broker.turns = None  # nothing of the first process ever runs again
        again = await stage.again()
        async with again.running():
            await asyncio.sleep(10)
        assert (stage.broker.posts, stage.broker.wrong) == (6, [])
        assert not any(stage.broker.net.values())
        stage.broker.gone.set()
        await tap


async def test_shares_sold_out_of_the_holdings_are_no_position(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stage.broker.opens(INFY, -20, Product.CNC)
    card = await stage.ask("all")
    assert "sold today from holdings" in card.not_touched[0]
    with pytest.raises(CheckFailed, match="no open position"):
        await stage.ask("infy")
    shown = await stage.tap(card)
    assert isinstance(shown, ExitsShown)
    assert stage.broker.quantity(INFY, Product.CNC) == -20


async def test_a_session_that_ended_after_the_card_sends_nothing_and_says_so(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    card = await stage.ask("all")
    stage.desk.connection.session = None
    with pytest.raises(SessionExpired, match="no session"):
        await stage.tap(card)
    async with stage.running():
        await asyncio.sleep(30)
    assert stage.broker.posts == 0


async def test_kill_during_a_list_stops_no_exit(clock: LoopClock) -> None:
    stage = await six_rows(clock)
    stage.broker.ways[SHORT_CALL.key] = "rest"
    async with stage.running():
        await stage.tap(await stage.ask("all"))
        await stage.desk.switch.kill(stage.desk.actor)
        stage.broker.passes(stage.broker.true[0])
        await stage.desk.reconcile.sync("a1")
        await asyncio.sleep(3)
    assert not any(stage.broker.net.values())
