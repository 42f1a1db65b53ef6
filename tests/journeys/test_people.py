"""People of one account, over real sockets: joining, acting side by side, the PIN, the sealed phone, and leaving."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

from bot.demo.loop import LoopClock
from bot.demo.person import ScriptedPerson
from bot.domain.account import Account, Role
from bot.domain.secret import Secret
from tests.stage.house import House, a_house

PIN = "482913"
RAVI, MALLORY = 5001, 666


async def tap_pin(person: ScriptedPerson, digits: str = PIN) -> None:
    """Taps the digits where the newest keypad shows them."""
    for digit in digits:
        pad = next(each for each in reversed(person.history()) if each["from_bot"] and "PIN" in each["text"])
        note = person.press(digit, pad)
        await person.wait_for_note(note)
        await asyncio.sleep(1)


def files(directory: Path) -> list[Path]:
    """The database with all that lies beside it."""
    return sorted(directory.rglob("bot.db*"))


async def invite(house: House, words: str) -> str:
    """What an invited person's phone sends when the link is opened."""
    answer = await house.me.ask(words, "?start=")
    found = re.search(r"\?start=([a-z2-7]{26})\b", answer["text"])
    assert found is not None
    return f"/start {found[1]}"


async def test_an_invited_trader_joins_trades_and_is_taken_off_at_once(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        opened = await invite(house, "/people add trader")
        ravi = ScriptedPerson(house.near.chats, RAVI, name="Ravi", started=True)
        mallory = ScriptedPerson(house.near.chats, MALLORY, name="Mallory", started=True)
        await ravi.ask(opened, "Welcome. You are trader")
        await house.me.wait_for("Ravi (5001) used Asha's link")
        await mallory.ask(opened, "This link is over")
        await house.me.wait_for("Mallory (666) came with a joining link that was used")
        card = await ravi.ask("/buy ITC 5 @380", "BUY 5 ITC")
        ravi.press("Confirm buy", card)
        await house.me.wait_for("Ravi sent an order")
        await ravi.ask("/cancel_order 1", "#1 BUY 5 ITC")
        await house.me.wait_for("Ravi cancelled #1 BUY 5 ITC")
        await ravi.ask("/people", "As trader you may not")
        await house.me.wait_for("Ravi (5001) tried what the role does not allow")
        open_card = await ravi.ask("/buy ITC 7 @380", "BUY 7 ITC")
        await house.me.ask("/people remove Ravi", "Ravi is off the list.")
        before = len(ravi.history())
        ravi.press("Confirm buy", open_card)
        ravi.say("/orders")
        mallory.say("/positions")
        await asyncio.sleep(60)
        assert house.placed == 1
        assert len([each for each in ravi.history()[before:] if each["from_bot"]]) == 0


async def test_the_others_of_an_account_hear_of_login_kill_and_limits(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        ravi = await house.join(RAVI, "Ravi", Role.VIEWER)
        await house.log_in()
        await ravi.wait_for("Asha logged in")
        await house.me.ask("/limits quantity 5", "LIMITS")
        await ravi.wait_for("Asha changed a limit: quantity")
        await house.me.ask("/buy ITC 6 @380", "6 is over your own limit of 5")
        await house.me.ask("/kill", "Stopped")
        await ravi.wait_for("Stopped by Asha")
        await house.me.ask("/logout", "Logged out")
        await ravi.wait_for("Asha logged out")


async def test_a_pin_tapped_on_the_keypad_lets_the_waiting_order_through_and_survives_a_restart(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await house.me.ask("/pin", "A new PIN of six digits")
        await tap_pin(house.me, PIN + PIN)
        await house.me.wait_for("Your PIN is set.")
        await house.me.ask("/limits pin 1000", "1,000.00")
        await house.restart()
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("your PIN, please")
        assert house.placed == 0
        await tap_pin(house.me)
        await house.me.wait_for("open at 380.00")
        assert house.placed == 1
        await house.me.ask("/limits pin off", "Loosening a limit: your PIN, please.")
        await tap_pin(house.me)
        await house.me.wait_for("never")
        house.scrubber.know(Secret(PIN))
        assert house.store is not None
        raw = b"".join(file.read_bytes() for file in files(tmp_path))
        assert raw
        assert PIN.encode() not in raw


async def test_a_sealed_phone_shows_nothing_stops_trading_and_opens_by_its_pin(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await house.me.ask("/pin", "A new PIN")
        await tap_pin(house.me, PIN + PIN)
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        await house.me.ask("/lock", "Sealed.")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("This phone is sealed.")
        await house.me.ask("/positions", "This phone is sealed.")
        await house.restart()
        await house.me.ask("/funds", "This phone is sealed.")
        await house.me.ask("/kill", "Stopped")
        await house.me.ask("/unlock", "Your PIN")
        await tap_pin(house.me)
        await house.me.wait_for("This phone is open again.")
        await house.me.ask("/funds", "2,50,000.00")
        assert house.placed == 0


async def test_using_another_account_ends_by_itself_after_half_an_hour(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        assert house.store is not None
        papa = Account(id="papa-id", label="papa", client="MA••••9", created_at=clock.now())
        linked = (await house.store.run(lambda drawers: drawers.accounts.all()))[0]
        credentials = await house.store.run(lambda drawers: drawers.accounts.credentials(linked.id))
        assert credentials is not None
        await house.store.run(lambda drawers: drawers.accounts.add(papa, credentials))
        await house.log_in()
        await asyncio.sleep(31)  # the same seed here, and a code counts once
        await house.me.ask("papa: /login", "lives until")
        await house.me.ask("/use PAPA", "papa")
        await house.me.ask("/funds", "FUNDS 🟠 papa")
        await house.me.ask("main: funds", "FUNDS 🔵 main")
        await asyncio.sleep(timedelta(minutes=29).total_seconds())
        await house.me.ask("/funds", "FUNDS 🟠 papa")
        await asyncio.sleep(timedelta(minutes=1, seconds=1).total_seconds())
        await house.me.ask("/funds", "FUNDS 🔵 main")
        await house.me.ask("nobody: funds", "There is no account")


async def test_any_second_person_stops_the_phone_that_was_lost(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        ravi = await house.join(RAVI, "Ravi", Role.GUARDIAN)
        await house.log_in()
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        await ravi.ask("/kill", "Stopped")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Trading is stopped")
        await house.me.ask("/buy ITC 5 @380", "stopped")
        assert house.placed == 0
        await ravi.ask("/resume", "As guardian you may not")


async def test_the_daily_loss_locks_the_day_on_every_phone_the_moment_it_is_reached(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        ravi = await house.join(RAVI, "Ravi", Role.GUARDIAN)
        await house.log_in()
        await house.me.ask("/limits loss 500", "500.00")
        card = await house.me.ask("/buy ITC 100 mis", "BUY 100 ITC")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        resting = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        house.me.press("Confirm buy", resting)
        await house.me.wait_for("open at 380.00")
        broker = house.near.paper.broker
        itc = broker.named("NSE", "ITC-EQ")
        assert itc is not None
        broker.market.set_price(itc, broker.market.price(itc, clock.now()) - 500, clock.now())  # five rupees a share
        told = await house.me.wait_for("The daily loss is reached")
        assert "after charges" in told["text"]
        assert "1 entry order still rests" in told["text"]
        await ravi.wait_for("The daily loss is reached")
        await house.restart()
        await house.me.ask("/buy ITC 1", "The day is locked")
        await house.me.ask("/limits loss off", "The day is locked")
        house.me.press("Cancel it", told)
        await house.me.wait_for("Cancelled 1 order.")
        exit_ = await ravi.ask("/sell ITC 100 mis", "SELL 100 ITC")
        ravi.press("Confirm sell", exit_)
        await ravi.wait_for("Filled")
        assert house.placed == 3
