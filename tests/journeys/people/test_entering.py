"""An account linked from the phone: a one-time page for its secrets, then a session, then an order."""

import asyncio
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from pyotp import TOTP

from bot.domain.people.account import Role
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
from tests.stage.house import a_house


def address_in(message: Mapping[str, str]) -> str:
    found = re.search(r"http://\S+", message["text"])
    assert found is not None, message["text"]
    return found[0]


async def filled_in(address: str, fields: Mapping[str, str]) -> tuple[int, str]:
    """Opens the page and sends its form, as a browser does. Returns the status and the page that came back."""
    parts = urlsplit(address)
    async with aiohttp.ClientSession() as browser:
        async with browser.get(address) as page:
            assert page.status == 200
        headers = {"Origin": f"{parts.scheme}://{parts.netloc}", "Sec-Fetch-Site": "same-origin"}
        async with browser.post(address, data=dict(fields), headers=headers) as answer:
            return answer.status, await answer.text()


def secrets_of(account: PaperAccount, clock: LoopClock, *, seed: bool) -> dict[str, str]:
    assert account.totp_seed is not None
    typed = {"client_code": account.client, "password": account.password, "api_key": account.api_key}
    return typed | ({"totp_seed": account.totp_seed} if seed else {"code": TOTP(account.totp_seed).at(clock.now())})


@pytest.mark.core
async def test_an_account_is_linked_on_the_page_and_trades(clock: LoopClock, tmp_path: Path) -> None:
    account = PaperAccount()
    async with a_house(clock, tmp_path, account=account) as house:
        await house.me.ask("/start", "owner")
        await house.me.ask("/unlink main", "Unlink 🔵 main?")
        await house.me.choose("Yes, unlink main", "Unlinked 🔵 main.")
        offered = await house.me.ask("/link mine", "For you alone, once.")
        assert "on the computer the bot runs on" in offered["text"]
        assert "Never type a password" in offered["text"]
        await asyncio.sleep(61)
        status, page = await filled_in(address_in(offered), secrets_of(account, clock, seed=False))
        assert (status, "is linked, and logged in" in page) == (200, True)
        await house.me.wait_for("mine (MA")
        await house.me.ask("/session", "Logged in until")
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE", timeout=60)
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        assert house.store is not None
        rows = await house.store.transaction(lambda db: db.audit.page(limit=50))
        assert next(who for _, _, who, what, _ in rows if what == "link") == house.me.user.id


async def test_an_account_that_is_unlinked_with_a_position_open_is_the_same_one_when_it_is_linked_again(
    clock: LoopClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    account = PaperAccount()
    async with a_house(clock, tmp_path, account=account) as house:
        await house.log_in()
        await house.me.ask("/limits value 50000", "50,000")
        house.me.press("Confirm buy", await house.me.ask("/buy ITC 5", "BUY 5 ITC"))
        await house.me.wait_for("Filled")
        house.me.press("Confirm buy", await house.me.ask("/buy ITC 2 @380", "BUY 2 ITC"))
        await house.me.wait_for("open at 380.00")
        await house.me.ask("/kill", "Stopped")
        asked = await house.me.ask("/unlink main", "Unlink 🔵 main?")
        assert "1 open order stays at mStock" in asked["text"]
        assert "#2 BUY 2 ITC: open at 380.00" in asked["text"]
        assert "+5 ITC CNC" in asked["text"]
        await house.me.choose("Yes, unlink main", "Unlinked 🔵 main.")
        await asyncio.sleep(400)  # every loop comes round
        assert house._running is not None
        assert not house._running.done()
        assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []
        await house.me.ask("/status", "No account is linked.")

        offered = await house.me.ask("/link mine", "For you alone, once.")
        status, _ = await filled_in(address_in(offered), secrets_of(account, clock, seed=False))
        assert status == 200
        await house.me.wait_for("mine (MA")
        assert "50,000" in (await house.me.ask("/limits", "LIMITS 🔵 mine"))["text"]
        told = await house.me.ask("/orders all", "ORDERS 🔵 mine")
        assert "#1" in told["text"]
        assert "#2" in told["text"]
        await house.me.ask("/buy ITC 1", "Trading is stopped")  # the kill switch is on as it was
        await house.me.ask("/resume", "Allow new orders again?")
        await house.me.choose("Yes, allow new orders", "allowed again")
        house.me.press("Confirm buy", await house.me.ask("/buy ITC 1", "BUY 1 ITC"))
        await house.me.wait_for("#3 BUY 1 ITC")


async def test_a_wrong_password_stores_nothing_and_needs_a_new_link(clock: LoopClock, tmp_path: Path) -> None:
    account = PaperAccount()
    async with a_house(clock, tmp_path, account=account) as house:
        await house.me.ask("/start", "owner")
        offered = await house.me.ask("/link mine", "For you alone, once.")
        status, page = await filled_in(
            address_in(offered), {**secrets_of(account, clock, seed=True), "password": "another-password"}
        )
        assert status == 409
        assert "Nothing was stored." in page
        assert "another-password" not in page
        await house.me.wait_for("Nothing was stored.")
        assert house.store is not None
        assert [each.label for each in await house.store.transaction(lambda db: db.accounts.all())] == ["main"]


async def test_six_digits_are_typed_on_the_page_instead_of_the_chat(clock: LoopClock, tmp_path: Path) -> None:
    account = PaperAccount()
    async with a_house(clock, tmp_path, account=account) as house:
        await house.me.ask("/start", "owner")
        offered = await house.me.ask("/login page", "Type the six digits on this page.")
        code = secrets_of(account, clock, seed=False)["code"]
        status, _ = await filled_in(address_in(offered), {"code": code})
        assert status == 200
        await house.me.wait_for("logged in until 00:00")
        await house.me.ask("/session", "Logged in until")
        assert not [message for message in house.me.history() if code in message["text"]]


async def test_a_trader_gets_no_page_to_link_with_and_a_removed_owners_link_is_dead(clock: LoopClock, tmp_path: Path) -> None:
    account = PaperAccount()
    async with a_house(clock, tmp_path, account=account) as house:
        trader = await house.join(7002, "Ravi", Role.TRADER)
        await trader.ask("/link mine", "it is the owner's")
        owner = await house.join(7003, "Mira", Role.OWNER)
        offered = await owner.ask("/link mine", "For you alone, once.")
        assert house.store is not None
        await house.store.transaction(lambda db: db.people.remove(7003))
        status, _ = await filled_in(address_in(offered), secrets_of(account, clock, seed=True))
        assert status == 409
        assert [each.label for each in await house.store.transaction(lambda db: db.accounts.all())] == ["main"]


async def test_secrets_typed_behind_the_command_are_deleted_and_never_stored(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.me.ask("/start", "owner")
        said = house.me.say("/link mine hunter2-the-password")
        await house.me.wait_for("One word")
        await house.me.wait_until_gone(said["id"])
        await house.stop()
        for file in (tmp_path / "bot").rglob("*"):
            if file.is_file():
                assert b"hunter2" not in file.read_bytes(), file.name
