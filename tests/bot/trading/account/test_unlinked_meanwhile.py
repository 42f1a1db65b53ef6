"""An account that is unlinked while the bot works on it: every loop lives on, and the account's own work ends quietly."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import NotLinked, SessionExpired
from bot.domain.market.instrument import Instrument
from bot.domain.orders.order import Order, OrderFact
from bot.domain.people.account import Session
from bot.domain.people.secret import Secret
from bot.domain.positions.portfolio import Position
from bot.simulators.loop import LoopClock
from bot.trading.account.loss_guard import OPEN
from bot.trading.feed_events import FeedEvents
from bot.trading.instruments.catalogue import EVERY, Catalogue
from bot.trading.safety.lockdown import Lockdown, lock_down
from tests.bot.trading.desk.asked import ask
from tests.stage.access import access
from tests.stage.brokers.broker import OneConnection, ScriptedBroker, StillFeed
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import ACCOUNT, NOW, PERSON, a_store


class SlowBroker(ScriptedBroker):
    """Answers after two seconds, and says when it is asked."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.asked: list[str] = []
        self.session_is_dead = False

    async def _slowly(self, what: str) -> None:
        self.asked.append(what)
        await asyncio.sleep(2)

    async def orders(self, *, urgent: bool = False) -> Sequence[OrderFact]:
        await self._slowly("orders")
        if self.session_is_dead:
            raise SessionExpired("The session with mStock ended.")
        return await super().orders()

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        await self._slowly("positions")
        return await super().positions()

    async def logout(self) -> None:
        await self._slowly("logout")


class Goes:
    """One stage whose account can go, as its connection does when it is unlinked."""

    def __init__(self, stage: DeskStage, broker: SlowBroker) -> None:
        self.stage = stage
        self.broker = broker

    async def unlink(self) -> None:
        await self.stage.store.transaction(lambda db: db.accounts.remove(ACCOUNT.id))
        await self.stage.connection.close(ACCOUNT.id)

    async def lives_on(self, loop: Callable[[], Awaitable[object]], until: str, log: pytest.LogCaptureFixture) -> None:
        """Runs the loop, unlinks the account while the broker is asked for something, and lets an hour pass."""
        running = asyncio.ensure_future(loop())
        while until not in self.broker.asked:
            await asyncio.sleep(0.5)
            assert not running.done()
        await self.unlink()
        await asyncio.sleep(3600)
        assert not running.done(), "the process would end here"
        assert [each.getMessage() for each in log.records if each.levelno >= logging.ERROR] == []
        running.cancel()
        await asyncio.wait([running])


async def a_stage(clock: LoopClock) -> Goes:
    broker = SlowBroker(clock)
    return Goes(await set_stage(clock, broker=broker), broker)


@pytest.mark.parametrize("session_is_dead", [False, True])
async def test_unlinked_while_the_books_are_read_the_looks_go_on_for_the_others(
    clock: LoopClock, session_is_dead: bool, caplog: pytest.LogCaptureFixture
) -> None:
    goes = await a_stage(clock)
    goes.broker.session_is_dead = session_is_dead
    await goes.lives_on(goes.stage.reconcile.run, "orders", caplog)


async def test_unlinked_with_a_bell_a_look_and_a_timer_waiting_none_of_them_fails(
    clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    goes = await a_stage(clock)
    reconcile = goes.stage.reconcile
    reconcile.notify(ACCOUNT.id)
    reconcile.notify(ACCOUNT.id)
    reconcile.notify(ACCOUNT.id, urgent=False)
    reconcile.sent(ACCOUNT.id, "o1")
    await goes.unlink()
    with pytest.raises(NotLinked):
        await reconcile.sync(ACCOUNT.id)
    reconcile.notify(ACCOUNT.id)
    await asyncio.sleep(60)
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_what_was_known_of_an_unlinked_accounts_books_is_not_shown_for_it_when_it_is_linked_again(clock: LoopClock) -> None:
    goes = await a_stage(clock)
    reconcile = goes.stage.reconcile
    await reconcile.sync(ACCOUNT.id)
    assert reconcile.seen_at(ACCOUNT.id) is not None
    reconcile.notify(ACCOUNT.id, urgent=False)
    reconcile.forget(ACCOUNT.id)
    asked = len(goes.broker.asked)
    await asyncio.sleep(5)
    assert (reconcile.seen_at(ACCOUNT.id), len(goes.broker.asked)) == (None, asked)


async def test_unlinked_while_the_days_loss_is_judged_the_watch_goes_on(
    clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    goes = await a_stage(clock)
    await access(goes.stage).put(daily_loss=Decimal(5000))
    await goes.lives_on(goes.stage.core.losses.run, "positions", caplog)
    asked = len(goes.broker.asked)
    await asyncio.sleep(10 * OPEN)
    assert len(goes.broker.asked) == asked, "nobody is asked about it any more"


class TwoConnections(OneConnection):
    """Two accounts, whose scrip master takes a while to come."""

    def __init__(self, broker: ScriptedBroker, feed: StillFeed, session: Session) -> None:
        super().__init__(broker, feed, session)
        self.open = ["a0", ACCOUNT.id]

    def opened(self) -> tuple[str, ...]:
        return tuple(self.open)

    def of(self, account_id: str, credentials: object = None) -> "TwoConnections":
        if account_id not in self.open:
            raise NotLinked("This account is not linked any more.")
        return self


async def test_unlinked_while_the_list_of_instruments_is_fetched_over_another_line_it_is_fetched_again(
    clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    store, asked = await a_store(), 0
    session = Session(token=Secret("jwt"), issued=clock.now(), expires=clock.now() + timedelta(hours=12))

    class MasterBroker(SlowBroker):
        async def scrip_master(self) -> Sequence[Instrument]:
            nonlocal asked
            asked += 1
            if asked == 1:
                await self._slowly("master")
                raise SessionExpired("The session with mStock ended.")
            return await super().scrip_master()

    broker = MasterBroker(clock)
    connections = TwoConnections(broker, StillFeed(clock), session)
    catalogue = Catalogue(store=store, connections=connections, on_disk=broker.scrip_master, clock=clock)
    running = asyncio.create_task(catalogue.run())
    await asyncio.sleep(EVERY + 1)
    assert broker.asked == ["master"]
    connections.open.remove(ACCOUNT.id)
    await asyncio.sleep(200)
    assert not running.done()
    assert len(catalogue) > 0
    running.cancel()
    await asyncio.wait([running])
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_unlinked_while_the_alarm_ends_another_session_the_alarm_goes_on(clock: LoopClock) -> None:
    goes = await a_stage(clock)
    session = goes.stage.connection.session
    assert session is not None
    connections = TwoConnections(goes.broker, StillFeed(clock), session)
    await goes.stage.store.transaction(lambda db: lock_down(db, NOW))
    heeding = asyncio.create_task(Lockdown(store=goes.stage.store, connections=connections).heed())
    await asyncio.sleep(1)
    assert goes.broker.asked == ["logout"]
    connections.open.clear()
    assert await heeding == 2


async def test_a_feed_that_breaks_and_comes_back_as_its_account_is_unlinked_fails_nowhere_and_tells_nobody(
    clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    goes = await a_stage(clock)
    stage = goes.stage
    feed = FeedEvents(
        store=stage.store,
        reconcile=stage.reconcile,
        watcher=stage.core.watcher,
        background=stage.background,
        clock=clock,
    )
    since = clock.now() - timedelta(minutes=2)
    feed.gap(ACCOUNT.id, since, None)
    feed.gap(ACCOUNT.id, since, clock.now())
    await asyncio.sleep(1)
    await goes.unlink()
    feed.gap(ACCOUNT.id, since, clock.now())
    await stage.background.finish(30)
    assert await stage.notices() == []
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_an_order_whose_account_lost_its_connection_was_not_sent_and_says_so(clock: LoopClock) -> None:
    goes = await a_stage(clock)
    stage = goes.stage
    token = await ask(stage)
    order = await stage.desk.confirm(stage.actor, token, chat_id=PERSON, message_id=77, answered=goes.unlink)
    assert isinstance(order, Order)
    assert (goes.broker.posts, order.status.is_final) == (0, True)
    assert "not linked any more" in order.reason
