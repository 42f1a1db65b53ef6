"""What a P&L exit is licensed for: its own scope, by a figure that it names, within three slabs and three new prices."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.news.plans.pnl_exits import PnlExitTold, PnlNews
from bot.domain.plans.pnl_card import PnlSaid
from bot.domain.plans.pnl_exit import ScopeKind
from bot.simulators.loop import LoopClock
from handlers.views.plans import pnl_exits as pnl_views
from tests.bot.trading.pnl_exits.test_pnl_exits import begin, told
from tests.stage.floor import BANK, CALL, PUT, set_floor
from tests.storage.samples import PERSON


@pytest.mark.parametrize(
    ("falls", "moves"), [(("9.00", "8.90", "7.00", "5.00"), 1), (("9.90", "9.80", "9.70", "9.60", "9.50"), 3)]
)
async def test_what_rests_after_it_struck_is_priced_anew_three_times_and_never_beyond_three_slabs(
    clock: LoopClock, falls: tuple[str, ...], moves: int
) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.ways[BANK.key] = "rest"
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.trade(BANK, "10.00")
        await asyncio.sleep(4)
        for price in falls:
            stage.feed.at[BANK.key] = Decimal(price)
            await asyncio.sleep(5)
        await asyncio.sleep(20)
        assert await told(stage) == [PnlNews.EXITS]
    prices = [draft.price for _, draft in stage.broker.changes if draft.price is not None]
    assert len(prices) == moves
    assert prices == sorted(prices, reverse=True)
    assert min(prices) >= Decimal("9.10"), "three slabs of 3 % from the price at which it struck"
    assert stage.broker.posts == 1


async def test_one_of_a_position_leaves_the_rest_of_its_underlying_and_ends_with_that_row(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(CALL, 65)
    stage.broker.opens(PUT, 65)
    async with stage.running():
        card = await begin(stage, CALL.name, stop=Decimal(-3000))
        assert (card.exit.scope.kind, card.rows) == (ScopeKind.POSITION, 1)
        await asyncio.sleep(5)
        stage.trade(PUT, "10.00")  # −5,850, which is not its own
        await asyncio.sleep(10)
        assert (await told(stage), stage.broker.posts) == ([], 0)
        stage.broker.opens(CALL, 0)
        await asyncio.sleep(25)
        assert await told(stage) == [PnlNews.ENDED]
        assert stage.broker.quantity(PUT) == 65


async def test_a_row_that_nobody_trades_is_valued_between_bid_and_ask_which_is_said_and_strikes(
    clock: LoopClock,
) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.feed.untraded.add(BANK.key)
        await asyncio.sleep(1)
        (shown,) = (await stage.desk.core.services.pnl_exits.shown(stage.desk.actor)).exits
        assert shown.figure is not None
        assert shown.figure.at_mid
        assert shown.figure.value is not None
        stage.feed.at[BANK.key] = Decimal(10)
        await asyncio.sleep(10)
        assert stage.broker.quantity(BANK) == 0
    assert await told(stage) == [PnlNews.EXITS]


@pytest.mark.parametrize(("away", "news"), [(300, [PnlNews.SEES]), (6, [])])
async def test_while_no_process_ran_it_did_not_watch_and_that_is_told_once_it_does_again(
    clock: LoopClock, away: int, news: list[PnlNews]
) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(20)
        last = clock.now()
    await asyncio.sleep(away)
    stage = await stage.again()
    async with stage.running():
        await asyncio.sleep(30)
        told_now = [each for each in await stage.desk.notices() if isinstance(each, PnlExitTold)]
        assert [each.told for each in told_now] == news
        for each in told_now:
            assert each.since is not None
            assert abs((each.since - last).total_seconds()) <= 6
        stage.trade(BANK, "10.00")
        await asyncio.sleep(10)
        assert stage.broker.quantity(BANK) == 0


async def test_a_process_that_starts_without_a_session_says_since_when_nothing_watched(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(20)
        last = clock.now()
    await asyncio.sleep(300)
    stage = await stage.again()
    session, stage.desk.connection.session = stage.desk.connection.session, None
    async with stage.running():
        await asyncio.sleep(15)
        (blind,) = [each for each in await stage.desk.notices() if isinstance(each, PnlExitTold)]
        assert (blind.told, blind.missing) == (PnlNews.BLIND, ("the session",))
        assert blind.since is not None
        assert abs((blind.since - last).total_seconds()) <= 6
        stage.desk.connection.session = session
        await asyncio.sleep(30)
        assert await told(stage) == [PnlNews.SEES]


async def test_it_strikes_after_the_seconds_that_its_card_said_when_it_was_confirmed(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    slow = replace(stage.desk.core.services.pnl_exits, stands=10)
    async with stage.running():
        card = await slow.ask(stage.desk.actor, "all", PnlSaid(stop=Decimal(-5000), after_charges=False), chat_id=PERSON)
        await stage.desk.proposals.shown(card.confirmation.token, 77)
        await slow.confirm(stage.desk.actor, card.confirmation.token, chat_id=PERSON, message_id=77)
        assert "after 10 s of known figures" in pnl_views.card(card, "PAPER").plain
        await asyncio.sleep(5)
        stage.trade(BANK, "10.00")
        await asyncio.sleep(9)
        assert (await told(stage), stage.broker.posts) == ([], 0)
        await asyncio.sleep(5)
        assert (await told(stage), stage.broker.quantity(BANK)) == ([PnlNews.EXITS], 0)
