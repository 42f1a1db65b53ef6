"""The paper broker as its own process: it says where it is, and live prices need a login that is not stored."""

import asyncio
import random
from pathlib import Path

import aiohttp
import pyotp
import pytest

from bot.demo.practice import LiveSource, ask_credentials, practise
from bot.domain.errors import LoginRefused, PersonError
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperAccount, PaperSettings
from bot.simulators.loop import LoopClock
from tests.stage.brokers.exchange import credentials_of, paper_broker


@pytest.mark.exhaustive
async def test_another_brokers_prices_move_the_practice_market(clock: LoopClock) -> None:
    still, started = PaperSettings(walk=0), asyncio.get_running_loop().create_future()
    async with paper_broker(still, clock) as far:
        account = PaperAccount()
        live = (credentials_of(account), pyotp.TOTP(account.totp_seed or "").at(clock.now()))
        source = LiveSource(url=far.rest_url, ws_url=far.ws_url)
        practising = asyncio.create_task(
            practise(still, clock=clock, rng=random.Random(1), port=0, ready=started.set_result, live=live, source=source)
        )
        here: Running = await started
        await asyncio.sleep(5)
        async with aiohttp.ClientSession() as http, http.post(f"{far.desk_url}/prices", json={"name": "INFY", "tick": "1600.00"}):
            await asyncio.sleep(5)
        infy = here.broker.named("NSE", "INFY-EQ")
        assert infy is not None
        assert here.broker.market.price(infy, clock.now()) == 160000
        practising.cancel()
        await asyncio.gather(practising, return_exceptions=True)


async def test_without_the_feed_the_market_walks_on_from_where_it_was_left(clock: LoopClock, tmp_path: Path) -> None:
    kept = PaperSettings(data=tmp_path)

    async def practising() -> tuple[asyncio.Task[None], Running]:
        started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(practise(kept, clock=clock, rng=random.Random(1), port=0, ready=started.set_result))
        return task, await started

    async def price(here: Running) -> str:
        async with aiohttp.ClientSession() as http, http.get(f"{here.desk_url}/prices?names=INFY") as answer:
            return str((await answer.json())["prices"][0]["last"])

    task, here = await practising()
    async with aiohttp.ClientSession() as http:
        await http.post(f"{here.desk_url}/prices", json={"ticks": [{"name": "INFY", "price": "1600.00"}]})
    await asyncio.sleep(3600)
    assert await price(here) == "1600.00"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    task, here = await practising()
    assert await price(here) == "1600.00"
    await asyncio.sleep(3600)
    assert await price(here) != "1600.00"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_refused_login_ends_it_with_the_brokers_words(clock: LoopClock) -> None:
    still = PaperSettings(walk=0)
    async with paper_broker(still, clock) as far:
        live = (credentials_of(PaperAccount(password="another")), "123456")
        with pytest.raises(LoginRefused):
            await practise(
                still,
                clock=clock,
                rng=random.Random(1),
                port=0,
                ready=lambda _: None,
                live=live,
                source=LiveSource(url=far.rest_url, ws_url=far.ws_url),
            )


def test_what_stands_in_the_environment_is_not_asked_for_and_a_missing_answer_ends_it() -> None:
    asked: list[str] = []

    def answer(words: str) -> str:
        asked.append(words)
        return "secret"

    credentials, code = ask_credentials({"BROKER_API_KEY": "MA1", "BROKER_API_SECRET": "key"}, answer)
    assert (credentials.client_code.reveal(), credentials.api_key.reveal(), code) == ("MA1", "key", "secret")
    assert len(asked) == 2
    with pytest.raises(PersonError, match="walk"):
        ask_credentials({}, lambda _: " ")
