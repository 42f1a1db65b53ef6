"""People of one account, over real sockets: joining, acting side by side, the PIN, the sealed phone, and leaving."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from bot.domain.errors import PersonError
from bot.domain.people.account import Account, Credentials, Role, User
from bot.domain.people.secret import Secret
from bot.domain.people.secret_entry import Entered
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.trading.people.invitations import put_on_list, take_off_list
from tests.journeys.people.test_many_people import paper_account
from tests.stage.command import SET_UP, run
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


@pytest.mark.core
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
        await house.me.wait_for("Ravi (5001) tried /people, which the role does not allow")
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
        await ravi.wait_for("Asha changed a limit: shares or units of one order, no limit → 5.")
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
        house.redactor.know(Secret(PIN))
        assert house.store is not None
        raw = b"".join(file.read_bytes() for file in files(tmp_path))
        assert raw
        assert PIN.encode() not in raw


@pytest.mark.core
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
        linked = (await house.store.transaction(lambda db: db.accounts.all()))[0]
        credentials = await house.store.transaction(lambda db: db.accounts.credentials(linked.id))
        assert credentials is not None
        await house.store.transaction(lambda db: db.accounts.add(papa, credentials))
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


async def test_every_act_of_one_rings_the_other_and_says_who_and_on_which_account(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        ravi = await house.join(RAVI, "Ravi", Role.OWNER)
        me = house.me

        async def rings(words: str) -> None:
            told = await ravi.wait_for(words)
            assert told["text"].startswith("🔵 "), told["text"]
            assert told["id"] in [each["id"] for each in ravi.rings()]
            ravi.look_away()

        await house.log_in()
        await rings("Asha logged in")
        me.press("Confirm buy", await me.ask("/buy ITC 5 @380", "BUY 5 ITC"))
        await rings("Asha sent an order")
        me.press("Confirm change", await me.ask("/modify 1 381", "CHANGE #1"))
        await rings("Asha changed #1 ITC: BUY 5 ITC NSE LIMIT CNC 380 → BUY 5 ITC NSE LIMIT CNC 381")
        me.say("/cancel_all")
        await rings("Asha cancelled #1 BUY 5 ITC")
        me.say("/limits value 50000")
        await rings("Asha changed a limit: one order, no limit → 50,000.00. At")
        me.say("/limits value off")
        await rings("Asha changed a limit: one order, 50,000.00 → no limit from 21 Nov. At")
        me.say("/kill")
        await rings("Stopped by Asha")
        me.press("Yes, allow new orders", await me.ask("/resume", "Allow new orders again?"))
        await rings("Resumed by Asha")
        await me.ask("/pin", "A new PIN")
        await tap_pin(me, PIN + PIN)
        await rings("Asha set a PIN")
        me.say("/lock")
        await rings("Asha sealed their phone")
        await me.ask("/unlock", "Your PIN")
        await tap_pin(me)
        me.press("Yes, lock the day", await me.ask("/limits lock", "nothing lifts it before"))
        await rings("Asha locked the day")
        await me.ask("/people add viewer", "your PIN, please")
        await tap_pin(me)
        found = re.search(r"start=([a-z2-7]{26})", (await me.wait_for("?start="))["text"])
        assert found is not None
        mama = ScriptedPerson(house.near.chats, 5002, name="Mama", started=True)
        mama.say(f"/start {found[1]}")
        await rings("Mama (5002) used Asha's link")
        await me.ask("/people remove Mama", "your PIN, please")
        await tap_pin(me)
        await rings("Mama (5002), by Asha")
        await me.ask("/pin remove", "Your PIN")
        await tap_pin(me)
        await rings("Asha removed their PIN")
        me.say("/logout")
        await rings("Asha logged out")
        await me.ask("/unlink main", "Unlink 🔵 main?")
        await me.choose("Yes, unlink main", "Unlinked 🔵 main.")
        await rings("Asha unlinked this account")


async def test_whoever_is_taken_off_while_a_tap_is_under_way_does_nothing_with_it(clock: LoopClock, tmp_path: Path) -> None:
    """Each act stands at its last step, with the actor as it was read before the removal."""
    async with a_house(clock, tmp_path) as house:
        ravi = await house.join(RAVI, "Ravi", Role.OWNER)
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC"))
        await house.me.wait_for("open at 380.00")
        card = await ravi.ask("/buy ITC 7 @380", "BUY 7 ITC")
        token = str(card["buttons"][0][0]["data"]).split(":")[1]
        await ravi.ask("/pin", "A new PIN")
        await tap_pin(ravi, PIN + PIN[:5])
        assert house.app is not None
        assert house.store is not None
        services = house.app.core.services
        actor = await services.accounts.actor(RAVI)
        link = await services.secret_entry.link(actor, "mine") if actor is not None else None
        assert actor is not None
        assert link is not None
        await house.me.ask("/people remove Ravi", "Ravi is off the list.")
        for act in (
            services.desk.confirm(actor, token, chat_id=RAVI, message_id=card["id"]),
            services.orders.cancel(actor, 1, chat_id=RAVI),
            services.orders.cancel_all(actor),
            services.switch.kill(actor),
        ):
            with pytest.raises(PersonError):
                await act
        assert await house.store.transaction(lambda db: db.stops.stopped(actor.account.id if actor.account else "")) is None
        answer = await services.secret_entry.enter(link.address.rpartition("=")[2], Entered(code=Secret("123456")))
        assert not answer.done
        before = len(ravi.history())
        ravi.press("3", next(each for each in reversed(ravi.history()) if "PIN" in each["text"]))
        ravi.say("123456")
        ravi.say("/kill")
        await asyncio.sleep(30)
        assert len(ravi.history()) == before + 2, "nothing but what was said"
        assert house.placed == 1
        assert house.near.paper.broker.ledger.orders.popitem()[1].status == "Pending"
        assert await house.store.transaction(lambda db: db.pins.find(RAVI)) is None


async def link_seedless(house: House, number: int, label: str) -> str:
    """Opens an account at the paper broker whose seed is not stored here: six digits have to be typed. Returns the seed."""
    paper = paper_account(number)
    house.near.paper.broker.open_account(paper)
    keys = Credentials(client_code=Secret(paper.client), password=Secret(paper.password), api_key=Secret(paper.api_key))
    account = Account(id=f"id-{number}", label=label, client=f"MA••••{number}", created_at=house.clock.now())
    assert house.store is not None
    await house.store.transaction(lambda db: db.accounts.add(account, keys))
    return paper.totp_seed or ""


async def test_login_all_asks_the_accounts_for_their_codes_one_after_the_other(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        seeds = {label: await link_seedless(house, number, label) for number, label in ((6, "papa"), (7, "mama"), (8, "nani"))}
        house.me.say("/login all")
        await house.me.wait_for("lives until")  # main, by its stored seed
        for label, seed in seeds.items():
            asked = await house.me.wait_for(lambda each: "Six digits" in each["text"])
            assert asked["text"].endswith(f"{label} · PAPER"), "the next account is asked for when the one before is done"
            house.me.say("000000" if label == "mama" else pyotp.TOTP(seed).at(clock.now()))
            if label == "mama":
                await house.me.wait_for("🟣 ")
        await house.me.wait_for("nani · PAPER")
        await asyncio.sleep(5)
        assert house.store is not None
        accounts = await house.store.transaction(lambda db: db.accounts.all())
        alive = {one.label: await house.store.transaction(lambda db, one=one: db.accounts.session(one.id)) for one in accounts}  # type: ignore[misc] # bound at once
        assert {label: session is not None for label, session in alive.items()} == {
            "main": True, "papa": True, "mama": False, "nani": True,
        }, "a wrong code ends its own account's turn alone"  # fmt: skip


async def test_a_page_that_was_asked_for_before_the_phone_was_sealed_logs_nobody_in(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        seed = await link_seedless(house, 6, "papa")
        await house.log_in()
        assert house.app is not None
        services = house.app.core.services
        actor = await services.accounts.actor(house.me.user.id, "papa")
        assert actor is not None
        page = await services.secret_entry.login(actor)
        await house.me.ask("/lock now", "Sealed.")
        answer = await services.secret_entry.enter(
            page.address.rpartition("=")[2], Entered(code=Secret(pyotp.TOTP(seed).at(clock.now())))
        )
        assert not answer.done
        assert "sealed" in answer.say
        assert house.store is not None
        assert await house.store.transaction(lambda db: db.accounts.session("id-6")) is None


async def test_six_digits_that_were_asked_for_before_the_phone_was_sealed_log_nobody_in(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        seed = await link_seedless(house, 6, "papa")
        await house.log_in()
        await house.me.ask("papa: /login", "Six digits, please.")
        await house.me.ask("/lock now", "Sealed.")
        code = house.me.say(pyotp.TOTP(seed).at(clock.now()))
        await house.me.wait_for("This phone is sealed.")
        await house.me.wait_until_gone(code["id"])
        assert house.store is not None
        assert await house.store.transaction(lambda db: db.accounts.session("id-6")) is None


async def test_the_host_opens_a_sealed_phone_with_a_forgotten_pin_and_takes_people_on_and_off(
    clock: LoopClock, tmp_path: Path
) -> None:
    """The real command, beside the running bot."""
    async with a_house(clock, tmp_path) as house:
        assert house.store is not None
        await house.log_in()
        await house.me.ask("/pin", "A new PIN")
        await tap_pin(house.me, PIN + PIN)
        await house.me.ask("/lock", "Sealed.")
        for _ in range(5):
            await house.me.ask("/unlock", "Your PIN")
            await tap_pin(house.me, "907531")
        told = await house.me.ask("/unlock", "Too many wrong tries")
        command = re.search(r"python -m bot people (unlock \d+)", told["text"])
        assert command is not None, "the way out stands there, to be typed as it is"
        at = {**SET_UP, "DATABASE": str(house.settings.database)}
        done = await asyncio.to_thread(run, "people", *command[1].split(), at=tmp_path, given=at)
        assert (done.code, "has no PIN" in done.out) == (0, True), done.err
        await house.me.ask("/funds", "FUNDS 🔵 main")
        user = User(telegram_id=RAVI, name="Ravi")
        await house.store.transaction(lambda db: put_on_list(db, user, Role.TRADER, None, clock.now()))
        await asyncio.sleep(11)
        ravi = ScriptedPerson(house.near.chats, RAVI, name="Ravi", started=True)
        card = await ravi.ask("/buy ITC 5 @380", "BUY 5 ITC")
        await house.store.transaction(lambda db: take_off_list(db, RAVI, clock.now()))
        before = len(ravi.history())
        ravi.press("Confirm buy", card)
        ravi.say("/funds")
        await asyncio.sleep(60)
        assert len(ravi.history()) == before + 1
        assert house.placed == 0
