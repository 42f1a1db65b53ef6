"""A day full of trouble at DEBUG, after which no secret stands in any log line, message or file (T20)."""

import asyncio
import base64
import io
import logging
import random
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pyotp import TOTP

from bot.cli.diagnose import diagnosis
from bot.domain.ports.repositories import Repositories
from bot.runtime.logs import logging_to
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from tests.journeys.people.test_entering import address_in, filled_in
from tests.stage.gate.canaries import Canaries, Planted, plant
from tests.stage.house import House, a_house

PLANTED: Planted = plant(random.Random(20))
ACCOUNT = PaperAccount(
    client=PLANTED.client_code,
    password=PLANTED.password,
    api_key=base64.b64encode(PLANTED.api_key.encode()).decode(),
    totp_seed=PLANTED.totp_seed,
)

RESPITE = 660.0  # seconds: a refused password is not sent again for ten minutes

# What the broker can do wrong while secrets are on the wire.
AT_LOGIN: tuple[tuple[str, dict[str, object]], ...] = (
    ("connection_dropped", {}),
    ("error_instead", {"status": 502, "body": "html"}),
    ("redirected", {}),
    ("answer_truncated", {}),
    ("key_expired", {}),
)
AT_A_READ: tuple[tuple[str, dict[str, object]], ...] = (
    *AT_LOGIN,
    ("problem_body", {}),
    ("ip_mismatch_everywhere", {}),
    ("token_expired", {}),
)


@contextmanager
def overheard(house_log: io.StringIO, clock: LoopClock, house: House) -> Iterator[None]:
    """Everything at DEBUG through the product's own formatter, libraries included."""
    with logging_to(house_log, redactor=house.redactor, clock=clock, level="DEBUG"):
        for name in ("httpx", "httpcore", "telegram", "telegram.ext", "aiohttp", "sqlalchemy", "bot", "handlers", "storage"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        try:
            yield
        finally:
            for name in ("httpx", "httpcore", "telegram", "telegram.ext", "aiohttp", "sqlalchemy", "bot", "handlers", "storage"):
                logging.getLogger(name).setLevel(logging.NOTSET)


async def tokens(house: House) -> dict[str, str]:
    """The living session's token, which nobody could plant."""

    def read(db: Repositories) -> str:
        session = db.accounts.session(db.accounts.all()[0].id)
        return session.token.reveal() if session is not None else ""

    assert house.store is not None
    token = await house.store.transaction(read)
    return {"session token": token} if token else {}


async def forget_seed(house: House) -> None:
    def strip(db: Repositories) -> None:
        linked = db.accounts.all()[0]
        kept = db.accounts.credentials(linked.id)
        assert kept is not None
        db.accounts.add(linked, replace(kept, totp_seed=None))

    assert house.store is not None
    await house.store.transaction(strip)


@pytest.mark.core
async def test_a_day_full_of_trouble_leaves_no_secret_anywhere(
    clock: LoopClock, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = io.StringIO()
    seen: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(a_house(clock, tmp_path, account=ACCOUNT))
        stack.enter_context(overheard(log, clock, house))
        faults = house.near.paper.broker.faults
        await house.me.ask("/start", "owner")
        for name, options in AT_LOGIN:
            faults.arm(name, times=1, **options)  # type: ignore[arg-type]  # parameters by name, as the desk passes them
            house.me.say("/login")
            await house.me.wait_for(lambda message: message["from_bot"])
            faults.clear()
            house.me.say("/logout")
            await house.me.wait_for(lambda message: message["from_bot"])
            await asyncio.sleep(RESPITE)
        await house.me.ask("/login", "lives until")
        seen |= await tokens(house)
        for name, options in AT_A_READ:
            await asyncio.sleep(1)  # an answer that is younger would serve, and the broker would not be asked
            faults.arm(name, times=1, **options)  # type: ignore[arg-type]  # as above
            house.me.say("/funds")
            await house.me.wait_for(lambda message: message["from_bot"])
            faults.clear()
        await asyncio.sleep(RESPITE)
        house.near.paper.stream.drop()
        await house.me.ask("/login", "lives until")
        seen |= {f"later {name}": token for name, token in (await tokens(house)).items()}
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        await forget_seed(house)
        await house.restart()
        await house.me.ask("/login", "Six digits")
        code = house.me.say(TOTP(PLANTED.totp_seed).at(clock.now()))
        await house.me.wait_until_gone(code["id"])
        seen |= {f"last {name}": token for name, token in (await tokens(house)).items()}
        said = "\n".join(str(message) for message in house.me.history() if message["from_bot"])
        logging.getLogger("bot").error("the day is over")

    assert len(seen) >= 2, "no session was ever seen, so nothing was tested"
    assert "the day is over" in log.getvalue()
    assert log.getvalue().count("\n") > 50, "the libraries were not heard at all"
    planted = {name: getattr(PLANTED, name) for name in ("client_code", "password", "totp_seed")}
    # What stands before the colon is the bot's id, which everybody may know.
    planted |= {"api_key": ACCOUNT.api_key, "bot_token": house.settings.telegram_bot_token.reveal().partition(":")[2], **seen}
    canaries = Canaries(planted)
    assert canaries.leaks(log.getvalue()) == []
    assert canaries.leaks(said) == []
    printed = capfd.readouterr()
    assert canaries.leaks(printed.out + printed.err) == []
    for file in sorted((tmp_path / "bot").rglob("*")):
        if file.is_file():
            assert canaries.leaks(file.read_bytes()) == [], file.name


def key_in(file: Path) -> str:
    """The one key of a file, as it is written there."""
    return file.read_text().split()[-1]


async def test_what_is_typed_on_the_page_or_made_on_the_host_shows_nowhere_else(clock: LoopClock, tmp_path: Path) -> None:
    """Fourteen secrets: the account's and the keys', what somebody types on a page in vain, links, a session, the bot's token."""
    log, pages = io.StringIO(), []
    typed = plant(random.Random(21))
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(a_house(clock, tmp_path, account=ACCOUNT))
        stack.enter_context(overheard(log, clock, house))
        await house.me.ask("/login", "lives until")
        seen = {
            **await tokens(house),
            "wrapping key": key_in(house.settings.key_file),
            "seed key": key_in(house.settings.seed_key_file),
        }
        invited = (await house.me.ask("/people add viewer", "start="))["text"]
        seen["join code"] = re.findall(r"start=([A-Za-z0-9_-]{20,64})", invited)[0]
        fields = {
            "client_code": typed.client_code,
            "password": typed.password,
            "api_key": typed.api_key,
            "totp_seed": typed.totp_seed,
        }
        for number, fault in enumerate((None, "error_instead", "connection_dropped", "problem_body", "redirected")):
            address = address_in(await house.me.ask(f"/link extra{number}", "For you alone, once."))
            seen[f"page code {number}"] = address.partition("code=")[2]
            if fault is not None:
                house.near.paper.broker.faults.arm(fault, times=1)
            status, page = await filled_in(address, fields)
            house.near.paper.broker.faults.clear()
            assert status == 409
            pages.append(page)
            await asyncio.sleep(RESPITE)
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE", timeout=120)
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        await house.me.ask("/status", "STATUS")
        await house.me.ask("/audit", "Acts")
        report = "\n".join(await diagnosis(house.settings, clock))
        said = "\n".join(str(message) for message in house.me.history() if message["from_bot"])
    planted = {
        **{name: getattr(PLANTED, name) for name in ("client_code", "password", "totp_seed")},
        "api_key": ACCOUNT.api_key,
        **{f"typed {name}": value for name, value in fields.items()},
        "bot token": house.settings.telegram_bot_token.reveal().partition(":")[2],
        **seen,
    }
    assert len(planted) >= 14
    canaries = Canaries(planted)
    assert log.getvalue().count("\n") > 50
    assert canaries.leaks(log.getvalue()) == []
    assert canaries.leaks(report) == []
    assert canaries.leaks("\n".join(pages)) == []
    in_the_chat = {name for name in planted if name.startswith(("page code", "join code"))}  # there they are meant to be read
    assert Canaries({name: value for name, value in planted.items() if name not in in_the_chat}).leaks(said) == []
    for file in sorted((tmp_path / "bot").rglob("*")):
        if file.is_file():
            assert canaries.leaks(file.read_bytes()) == [], file.name
