"""A P&L exit strikes once known figures stand beyond its level, closes what is open in its scope, and says when it is blind."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, Unreadable
from bot.domain.news.notice import Notice
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.news.plans.pnl_exits import PnlExitTold, PnlNews
from bot.domain.orders.order import OrderRequest
from bot.domain.people.account import Role, User
from bot.domain.plans.pnl_card import PnlCard, PnlSaid
from bot.domain.plans.pnl_exit import PnlAction, ScopeKind
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.floor import BANK, CALL, ITC, PUT, SHORT_CALL, FloorStage, set_floor
from tests.stage.loop import HostClock
from tests.storage.samples import ACCOUNT, PERSON


async def begin(stage: FloorStage, words: str = "all", message: int = 77, **said: object) -> PnlCard:
    """Asks and confirms."""
    exits = stage.desk.core.services.pnl_exits
    card = await exits.ask(stage.desk.actor, words, PnlSaid(after_charges=False, **said), chat_id=PERSON)  # type: ignore[arg-type]  # what was said
    token = card.confirmation.token
    await stage.desk.proposals.shown(token, message)
    await exits.confirm(stage.desk.actor, token, chat_id=PERSON, message_id=message)
    return card


async def news(stage: FloorStage) -> list[Notice]:
    return [each for each in await stage.desk.notices() if isinstance(each, PnlExitTold)]


async def told(stage: FloorStage) -> list[PnlNews]:
    return [each.told for each in await news(stage) if isinstance(each, PnlExitTold)]


async def test_known_figures_beyond_the_stop_for_three_seconds_close_all_in_leg_order(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    for instrument, quantity in ((CALL, 65), (SHORT_CALL, -65), (BANK, 60)):
        stage.broker.opens(instrument, quantity)
    stage.broker.opens(ITC, 50, Product.CNC)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.trade(BANK, "10")  # −5,400
        await asyncio.sleep(2.5)
        assert stage.broker.posts == 0
        await asyncio.sleep(8)
        assert {key: net for key, net in stage.broker.net.items() if net} == {(ITC.key, Product.CNC): 50}
    assert (stage.broker.posts, stage.broker.wrong) == (3, [])
    sides = [draft.side for _, draft in stage.broker.sent if draft.instrument.symbol == "NIFTY"]
    assert sides == [Side.BUY, Side.SELL], "the cover goes after what it covers"
    rows = await stage.desk.store.transaction(lambda db: db.audit.page(None, 200, None))
    mine = [(what, detail) for _, _, _, what, detail in rows if what.startswith("pnl")][::-1]
    assert [what for what, _ in mine] == ["pnl exit", "pnl exit", "pnl result"], "confirmed, struck, and what became of it"
    assert "after: stop at -5400.00: BUY 65" in mine[1][1], "the intent names the level and each order"
    struck = [each for each in await news(stage) if isinstance(each, PnlExitTold)]
    assert [(each.told, each.value, each.rows) for each in struck] == [(PnlNews.EXITS, Decimal(-5400), 3)]


async def test_the_exits_leave_when_the_three_seconds_are_over_by_a_look_made_before_that(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5.2)
        began = asyncio.get_running_loop().time()
        stage.trade(BANK, "10")
        await asyncio.sleep(5)
    ((at, _),) = stage.broker.sent
    assert at - began == pytest.approx(3, abs=0.01)
    looks = [moment - began for moment in stage.broker.looks if began + 0.5 < moment < at - 0.01]
    assert looks == [pytest.approx(2.3, abs=0.01)]


async def test_what_the_books_no_longer_show_when_it_would_strike_closes_nothing(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.trade(BANK, "10")  # −5,400
        await asyncio.sleep(2)
        stage.broker.net[BANK.key, Product.NRML] = 30  # half of it was closed in the app, and no event told of it: −2,700
        await asyncio.sleep(10)
    assert (stage.broker.posts, await told(stage)) == (0, [])


@pytest.mark.parametrize("step", [10, -7200])
async def test_a_clock_that_is_set_makes_no_figure_stand_longer_and_hides_no_blindness(
    clock: LoopClock, host_clock: HostClock, step: float
) -> None:
    stage = await set_floor(host_clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.trade(BANK, "10")
        await asyncio.sleep(0.5)
        host_clock.step(step)
        await asyncio.sleep(1)
        stage.trade(BANK, "30")
        await asyncio.sleep(10)
        assert stage.broker.posts == 0
        stage.feed.mute.add(BANK.key)
        await asyncio.sleep(1)
        host_clock.step(-step)
        await asyncio.sleep(11)
        assert await told(stage) == [PnlNews.BLIND]


async def test_a_spike_of_one_tick_closes_nothing(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        for _ in range(4):
            stage.trade(BANK, "10")
            await asyncio.sleep(1)
            stage.trade(BANK, "30")
            await asyncio.sleep(2.5)
    assert (stage.broker.posts, await told(stage)) == (0, [])


async def test_a_row_without_a_price_makes_it_blind_which_rings_and_so_does_seeing_again(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.opens(PUT, 65)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.feed.mute.add(PUT.key)
        stage.trade(BANK, "10")
        await asyncio.sleep(20)
        assert stage.broker.posts == 0
        blind = [each for each in await news(stage) if isinstance(each, PnlExitTold)]
        assert [(each.told, each.missing) for each in blind] == [(PnlNews.BLIND, ("NF 24000PE 23Nov",))]
        stage.feed.mute.clear()
        await asyncio.sleep(2)
        assert await told(stage) == [PnlNews.SEES]
        await asyncio.sleep(8)
        assert (stage.broker.quantity(BANK), stage.broker.quantity(PUT)) == (0, 0)


async def test_a_feed_that_is_dead_at_the_level_strikes_nothing(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.feed.connected = False
        stage.feed.at[BANK.key] = Decimal(10)
        await asyncio.sleep(20)
        assert (stage.broker.posts, await told(stage)) == (0, [PnlNews.BLIND])
        stage.desk.connection.session, session = None, stage.desk.connection.session
        stage.feed.connected = True
        await asyncio.sleep(20)
        assert stage.broker.posts == 0
        stage.desk.connection.session = session
        await asyncio.sleep(10)
        assert stage.broker.quantity(BANK) == 0


async def test_what_is_given_back_counts_from_the_best_and_only_once_that_is_above_it(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, giveback=Decimal(3000))
        await asyncio.sleep(5)
        for rupees in ("140", "90"):  # +2,400, and 600 below nothing: not armed
            stage.trade(BANK, rupees)
            await asyncio.sleep(6)
        assert stage.broker.posts == 0
        stage.trade(BANK, "170")  # +4,200
        await asyncio.sleep(6)
        stage.trade(BANK, "121")
        await asyncio.sleep(6)
        assert stage.broker.posts == 0
        stage.trade(BANK, "120")  # 3,000 given back
        await asyncio.sleep(6)
        assert stage.broker.quantity(BANK) == 0


async def test_alert_only_rings_and_closes_nothing(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        card = await begin(stage, stop=Decimal(-5000))
        await stage.desk.core.services.pnl_exits.only_alert(stage.desk.actor, card.exit.id)
        await asyncio.sleep(5)
        stage.trade(BANK, "10")
        await asyncio.sleep(10)
        assert (stage.broker.posts, await told(stage)) == (0, [PnlNews.ALERTS])


async def test_of_two_processes_that_see_it_strike_one_tells(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        card = await begin(stage, stop=Decimal(-5000))
        await stage.desk.core.services.pnl_exits.only_alert(stage.desk.actor, card.exit.id)
        other = await stage.again()
        async with other.running():
            await asyncio.sleep(5)
            for each in (stage, other):
                each.trade(BANK, "10")
            await asyncio.sleep(10)
    assert await told(stage) == [PnlNews.ALERTS]


async def test_it_sleeps_while_flat_and_covers_what_is_opened_later(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(60)
        assert await told(stage) == []
        stage.broker.opens(BANK, 60)
        await asyncio.sleep(20)
        stage.trade(BANK, "10")
        await asyncio.sleep(10)
        assert stage.broker.quantity(BANK) == 0


async def test_one_of_an_underlying_leaves_the_others_and_ends_with_its_last_row(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.opens(PUT, 65)
    async with stage.running():
        card = await begin(stage, "nifty", stop=Decimal(-5000))
        assert card.exit.scope.kind is ScopeKind.UNDERLYING
        await asyncio.sleep(5)
        stage.broker.net[PUT.key, Product.NRML] = 0
        await asyncio.sleep(25)
        assert await told(stage) == [PnlNews.ENDED]
        assert (await stage.desk.core.services.pnl_exits.shown(stage.desk.actor)).exits == ()
    assert stage.broker.quantity(BANK) == 60


async def test_a_book_that_shows_nothing_once_does_not_end_it(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    place = (BANK.key, Product.NRML)
    async with stage.running():
        await begin(stage, "banknifty", stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.broker.net[place] = 0
        stage.desk.core.pnl_watch.filled()
        await asyncio.sleep(1.5)
        stage.broker.net[place] = 60
        await asyncio.sleep(5)
        assert await told(stage) == []
        stage.trade(BANK, "10")
        await asyncio.sleep(10)
        assert await told(stage) == [PnlNews.EXITS]


async def test_entries_are_blocked_until_the_time_that_was_named(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    entry = OrderRequest(side=Side.BUY, symbol="ITC", quantity=10, price=Decimal("100.00"), product=Product.MIS)
    async with stage.running():
        till = (clock.now() + timedelta(hours=5, minutes=30) + timedelta(minutes=10)).time()
        await begin(stage, stop=Decimal(-5000), blocks=True, blocks_till=time(till.hour, till.minute))
        await asyncio.sleep(5)
        under = await stage.desk.proposals.propose(stage.desk.actor, entry, chat_id=PERSON)
        assert [each.say for each in under.warnings if each.name == "under_pnl_exit"] == ["Under your P&L exit −5,000 · Exit"]
        stage.trade(BANK, "10")
        await asyncio.sleep(10)
        assert stage.broker.quantity(BANK) == 0
        with pytest.raises(CheckFailed, match="no entries until"):
            await stage.desk.proposals.propose(stage.desk.actor, entry, chat_id=PERSON)
        await asyncio.sleep(600)
        await stage.desk.proposals.propose(stage.desk.actor, entry, chat_id=PERSON)


async def test_a_restart_takes_it_up_again_with_its_best(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, giveback=Decimal(3000))
        await asyncio.sleep(5)
        stage.trade(BANK, "170")
        await asyncio.sleep(6)
    stage = await stage.again()
    stage.feed.at[BANK.key] = Decimal(119)
    async with stage.running():
        await asyncio.sleep(10)
        assert stage.broker.quantity(BANK) == 0


async def test_what_it_would_strike_at_once_is_refused_and_a_second_of_the_same_scope_takes_its_place(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.feed.at[BANK.key] = Decimal(10)
    exits = stage.desk.core.services.pnl_exits
    with pytest.raises(CheckFailed, match="would strike at once"):
        await exits.ask(stage.desk.actor, "all", PnlSaid(stop=Decimal(-5000), after_charges=False), chat_id=PERSON)
    await begin(stage, stop=Decimal(-9000))
    second = await begin(stage, message=78, stop=Decimal(-8000), action=PnlAction.ALERT)
    assert second.replaces is not None
    assert [each.exit.stop for each in (await exits.shown(stage.desk.actor)).exits] == [Decimal(-8000)]
    assert replace(second.exit, state=second.exit.state) == second.exit


async def test_an_account_that_is_unlinked_under_it_does_not_end_the_watch(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        await stage.desk.connection.close(ACCOUNT.id)
        await asyncio.sleep(30)
        assert await told(stage) == [PnlNews.BLIND]
        stage.desk.connection.is_open = True
        stage.trade(BANK, "10")
        await asyncio.sleep(20)
        assert stage.broker.quantity(BANK) == 0


async def test_a_process_that_ends_between_the_intent_and_its_orders_sends_them_once_after_the_restart(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    for instrument, quantity in ((CALL, 65), (SHORT_CALL, -65), (BANK, 60)):
        stage.broker.opens(instrument, quantity)
    stage.broker.at_once = 0  # the order rate is used up, so that the intent is stored alone
    watch = asyncio.create_task(stage.desk.core.pnl_watch.run())
    await begin(stage, stop=Decimal(-5000))
    await asyncio.sleep(5)
    stage.trade(BANK, "10")
    await asyncio.sleep(5)
    assert (await told(stage), stage.broker.posts) == ([PnlNews.EXITS], 0), "the intent is stored, and nobody sends"
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)
    stage = await set_floor(clock, store=stage.desk.store, broker=stage.broker)
    stage.feed.at[BANK.key] = Decimal(10)
    stage.broker.opens(ITC, 50, Product.MIS)
    async with stage.running():
        await asyncio.sleep(15)
        left = {key: net for key, net in stage.broker.net.items() if net}
    assert left == {(ITC.key, Product.MIS): 50}, "what was opened after it struck is no part of what it may close"
    assert (stage.broker.posts, stage.broker.wrong) == (3, [])
    assert await told(stage) == [], "it was told before"


async def test_a_level_that_stands_while_the_books_cannot_be_read_rings_in_ten_seconds_and_strikes_when_they_can(
    clock: LoopClock,
) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.broker.books_down = stage.broker.down = Unreadable("no books now")
        stage.trade(BANK, "10")
        await asyncio.sleep(16.5)
        (blind,) = await news(stage)
        assert isinstance(blind, PnlExitTold)
        assert (blind.told, blind.missing) == (PnlNews.BLIND, ("the books",))
        (shown,) = (await stage.desk.core.services.pnl_exits.shown(stage.desk.actor)).exits
        assert shown.blind_since is not None
        assert shown.figure is not None
        assert shown.figure.value is None
        stage.broker.books_down = stage.broker.down = None
        await asyncio.sleep(20)
        assert stage.broker.quantity(BANK) == 0
    assert (await told(stage))[-1] is PnlNews.EXITS


async def test_each_act_on_a_pnl_exit_is_told_to_the_others_of_the_account(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    ravi = User(telegram_id=2002, name="Ravi")
    await stage.desk.store.transaction(lambda db: db.people.add(ravi, Role.VIEWER, None, clock.now()))
    exits = stage.desk.core.services.pnl_exits
    await begin(stage, stop=Decimal(-5000))
    second = await begin(stage, message=78, stop=Decimal(-8000))
    await exits.only_alert(stage.desk.actor, second.exit.id)
    await exits.remove(stage.desk.actor, second.exit.id)
    acts = [each for each in await stage.desk.notices() if isinstance(each, ActByOther)]
    assert [(each.name, each.deed, each.detail) for each in acts] == [
        ("Asha", ActionKind.PNL_EXIT, detail)
        for detail in (
            "set the P&L exit −5,000.00 of all intraday and carry-forward",
            "set the P&L exit −8,000.00 of all intraday and carry-forward, instead of −5,000.00",
            "lets the P&L exit −8,000.00 of all intraday and carry-forward only ring: it closes nothing",
            "removed the P&L alert −8,000.00 of all intraday and carry-forward",
        )
    ]
