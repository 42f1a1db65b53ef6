"""Pairs of client and feed: each account on its own, all closed at the end, a bug in one of them heard."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.broker.connections import Connections, MStockConnection
from bot.broker.wire.bodies import StopSpelling
from bot.domain.errors import NotLinked, SettingsError
from bot.domain.market.prices import Tick
from bot.domain.people.account import Session
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import Broker, BrokerConnection, BrokerConnections, Feed
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperAccount, PaperSettings
from bot.simulators.loop import LoopClock
from tests.bot.broker.client.test_client import RELIANCE, a_draft
from tests.bot.broker.feed.test_socket_feed import Server
from tests.stage.brokers.exchange import Ears, a_road, credentials_of, log_in, paper_broker, until


def test_the_connection_is_what_the_ports_ask_for(connections: Connections, connection: MStockConnection) -> None:
    ports: tuple[BrokerConnections, BrokerConnection, Broker, Feed] = (
        connections,
        connection,
        connection.broker,
        connection.feed,
    )
    assert len(ports) == 4


async def test_a_connection_is_opened_once_and_needs_its_credentials_first(connections: Connections) -> None:
    credentials = credentials_of(PaperAccount())
    with pytest.raises(NotLinked):
        connections.of("main")
    opened = connections.of("main", credentials)
    assert connections.of("main") is opened
    assert connections.of("main", credentials) is opened
    assert list(connections.opened()) == ["main"]
    await connections.close("main")
    await connections.close("main")
    assert list(connections.opened()) == []
    with pytest.raises(NotLinked):
        connections.of("main")


async def test_two_accounts_never_see_each_others_orders_or_prices(clock: LoopClock, tmp_path: Path) -> None:
    accounts = [PaperAccount(), PaperAccount(client="MA00002", password="Other@1", api_key="b3RoZXI=")]
    heard: list[tuple[str, str]] = []

    class Both(Ears):
        def on_order_event(self, account_id: str, *, traded: bool = True) -> None:
            del traded
            heard.append(("bell", account_id))

        def tick(self, account_id: str, tick: Tick) -> None:
            heard.append(("tick", account_id))

    async with (
        paper_broker(PaperSettings(accounts=tuple(accounts)), clock) as running,
        a_road(running, clock, tmp_path, Both()) as connections,
    ):
        by_name = {
            name: connections.of(name, credentials_of(account)) for name, account in zip(("mine", "papa"), accounts, strict=True)
        }
        for (name, connection), account in zip(by_name.items(), accounts, strict=True):
            await log_in(connection, credentials_of(account), clock)
            assert connections.of(name).session is not None
        by_name["mine"].feed.watch([RELIANCE.key])
        await asyncio.sleep(5)
        assert {name for kind, name in heard if kind == "tick"} == {"mine"}
        drafts = await asyncio.gather(*(a_draft(connection, far=True) for connection in by_name.values()))
        ids = await asyncio.gather(
            *(
                connection.broker.place(draft, f"TAG{name}")
                for (name, connection), draft in zip(by_name.items(), drafts, strict=True)
            )
        )
        await asyncio.sleep(1)
        for (name, connection), broker_id in zip(by_name.items(), ids, strict=True):
            assert [(fact.tag, fact.broker_id) for fact in await connection.broker.orders()] == [(f"TAG{name}", broker_id)]
        by_name["papa"].adopt(None)
        assert by_name["mine"].session is not None


async def test_ears_that_come_later_hear_all_that_follows(connections: Connections, connection: MStockConnection) -> None:
    later = Ears()
    connections.attach(listener=later)
    connection.feed.watch([RELIANCE.key])
    await until(lambda: later.ticks)


async def test_a_feed_that_dies_of_a_bug_is_heard(connections: Connections, connection: MStockConnection) -> None:
    class Broken(Ears):
        def tick(self, account_id: str, tick: Tick) -> None:
            raise ZeroDivisionError

    watch = asyncio.create_task(connections.run())
    await asyncio.sleep(5)
    assert not watch.done()
    connections.attach(listener=Broken())
    connection.feed.watch([RELIANCE.key])
    with pytest.raises(ZeroDivisionError):
        await watch


async def test_the_hundred_and_first_account_has_a_feed_too(clock: LoopClock, tmp_path: Path) -> None:
    app = web.Application()
    app.router.add_get("/feed", Server().handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    at = f"127.0.0.1:{runner.addresses[0][1]}"
    async with Connections(
        base_url=f"http://{at}", ws_url=f"ws://{at}/feed", clock=clock, chance=random.Random(1), data_dir=tmp_path
    ) as connections:
        for number in range(120):
            connections.of(f"a{number}", credentials_of(PaperAccount())).adopt(
                Session(token=Secret(f"t{number}"), issued=clock.now(), expires=clock.now() + timedelta(hours=9))
            )
        await until(lambda: all(connections.of(each).feed.connected for each in connections.opened()))
    await runner.cleanup()


@pytest.mark.parametrize(("rest", "socket"), [("http://api.mstock.trade", "wss://ws"), ("https://api", "ws://ws.mstock.trade")])
def test_an_address_in_the_clear_beyond_this_machine_stops_the_start(
    clock: LoopClock, tmp_path: Path, rest: str, socket: str
) -> None:
    with pytest.raises(SettingsError):
        Connections(base_url=rest, ws_url=socket, clock=clock, chance=random.Random(1), data_dir=tmp_path)


async def test_the_broker_may_live_below_a_path(paper: Running, clock: LoopClock, tmp_path: Path) -> None:
    connections = Connections(
        base_url=f"{paper.rest_url}/exchange/", ws_url=f"{paper.ws_url}/exchange", clock=clock, chance=random.Random(1),
        data_dir=tmp_path,
    )  # fmt: skip
    async with connections:
        connection = connections.of("main", credentials_of(PaperAccount()))
        assert isinstance(connection, MStockConnection)


async def test_a_session_kept_from_before_is_used_as_it_is(
    connections: Connections, connection: MStockConnection, paper: Running, clock: LoopClock, tmp_path: Path
) -> None:
    session = connection.session
    assert isinstance(session, Session)
    async with a_road(paper, clock, tmp_path) as after_restart:
        again = after_restart.of("main", credentials_of(PaperAccount()))
        again.adopt(session)
        assert (await again.broker.funds()).available
        await until(lambda: again.feed.connected)
    assert paper.counter.calls["login"] == 1


async def test_words_for_stops_are_set_account_by_account(connections: Connections, connection: MStockConnection) -> None:
    connections.spell_stops("main", StopSpelling.SPLIT)
    assert connection.broker.stop_spelling is StopSpelling.SPLIT


async def test_an_account_that_is_closed_while_its_books_are_read_ends_quietly_for_whoever_reads(
    connections: Connections, connection: MStockConnection
) -> None:
    reading = [asyncio.create_task(connection.broker.orders()) for _ in range(30)]  # more than may leave at once
    await asyncio.sleep(0)
    await connections.close("main")
    for outcome in await asyncio.gather(*reading, return_exceptions=True):
        assert isinstance(outcome, list | NotLinked), outcome
    with pytest.raises(NotLinked):
        await connection.broker.funds()
    assert not connection.feed.connected
