"""Logging in by chat: six digits are taken, never kept, and the message that held them is deleted, or the person is told."""

import json

import pytest

from bot.domain.errors import LoginRefused
from bot.domain.people.account import Role
from bot.simulators.loop import LoopClock
from handlers.commands.people.account import BLANK, is_blanked, six_digits
from tests.handlers.chat import a_stage, later
from tests.handlers.samples import ASHA


async def test_six_digits_log_in_and_vanish(clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False, seeds=False) as stage:
        await stage.me.ask("/login", "Six digits, please.")
        said = stage.me.say("123456")
        done = await stage.me.wait_for("Logged in.")
        assert stage.broker.codes == ["123456"]
        assert said["id"] not in [message["id"] for message in stage.chats.person(ASHA).history()]
        assert "I deleted the message with your code." in done["text"]
        assert "123456" not in json.dumps([entry.body for entry in stage.inbox.entries.values()])


@pytest.mark.parametrize("words", ["/login 123456", "/login 123 456", "login 123456", "main: /login 123-456", "/login १२३४५६"])
async def test_a_code_behind_the_command_vanishes_too(words: str, clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False, seeds=False) as stage:
        said = stage.me.say(words)
        await stage.me.wait_for("Logged in.")
        assert stage.broker.codes == ["123456"]
        assert said["id"] not in [message["id"] for message in stage.chats.person(ASHA).history()]
        assert "456" not in "".join(json.loads(entry.body)["message"]["text"] for entry in stage.inbox.entries.values())


async def test_a_message_that_could_not_be_deleted_is_told_of(clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False, seeds=False) as stage:
        await stage.me.ask("/login", "Six digits, please.")
        stage.chats.faults.add("server_error", "deleteMessage", times=1)
        stage.me.say("123456")
        await stage.me.wait_for("I could not delete the message with your code. Please delete it yourself.")
        await stage.me.wait_for("Logged in.")


async def test_a_wrong_code_is_deleted_all_the_same_and_not_tried_twice(clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False, seeds=False) as stage:
        await stage.me.ask("/login", "Six digits, please.")
        stage.broker.login_refused = LoginRefused("mStock says that the code is wrong.")
        said = stage.me.say("999999")
        told = await stage.me.wait_for("mStock says that the code is wrong.")
        assert "id 0002" in told["text"]
        assert (await stage.bot.done("login refused"))[0].startswith("mStock did not take it")
        stage.broker.login_refused = None
        await stage.me.ask("999999", "No code is expected now.")
        assert stage.broker.codes == []
        assert said["id"] not in [message["id"] for message in stage.chats.person(ASHA).history()]


async def test_six_digits_that_nobody_asked_for_are_not_sent_anywhere(clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False, seeds=False) as stage:
        stage.me.say("123456")
        await stage.me.wait_for("No code is expected now.")
        assert stage.broker.codes == []


async def test_what_is_no_code_is_refused_before_mstock_sees_it(clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False, seeds=False) as stage:
        await stage.me.ask("/login hunter2", "A code is six digits.")
        assert stage.broker.codes == []
        assert "hunter2" not in json.dumps([entry.body for entry in stage.inbox.entries.values()])


async def test_a_bare_code_goes_to_the_account_that_asked_for_it(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER, logged_in=False, seeds=False) as stage:
        await stage.me.ask("papa: login", "papa · PAPER")
        stage.me.say("123456")
        await stage.me.wait_for("Logged in.")
        assert (stage.broker.codes, stage.bot.papas.codes) == ([], ["123456"])
        await stage.me.ask("/login", "Six digits, please.")


def test_six_digits_are_recognised_and_nothing_else() -> None:
    assert [six_digits(text) for text in ("123456", " 123 456 ", "123-456", "१२३४५६", "１２３ ４５６")] == ["123456"] * 5
    assert [six_digits(text) for text in ("12345", "1234567", "a123456", "b reliance 123456")] == [None] * 4
    assert is_blanked(BLANK)
    assert is_blanked(f"papa: /login {BLANK}")
    assert not is_blanked("/login")


async def test_login_all_walks_the_accounts_and_asks_each_that_wants_a_code(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER, logged_in=False, seeds=False) as stage:
        await stage.me.ask("/login all", "main · PAPER")
        stage.me.say("123456")
        await stage.me.wait_for("papa · PAPER")
        assert (stage.broker.codes, stage.bot.papas.codes) == (["123456"], [])
        stage.me.say("654321")
        await later(1)
        assert (stage.broker.codes, stage.bot.papas.codes) == (["123456"], ["654321"])


async def test_one_account_that_mstock_refuses_does_not_end_the_walk(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER, logged_in=False) as stage:
        stage.broker.login_refused = LoginRefused("mStock says that the password is wrong.")
        await stage.me.ask("/login all", "password is wrong")
        await stage.me.wait_for("papa · PAPER")
        assert (len(stage.broker.codes), len(stage.bot.papas.codes)) == (0, 1)


async def test_only_the_accounts_on_which_the_role_may_log_in_are_walked(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.VIEWER, logged_in=False) as stage:
        await stage.me.ask("/login all", "main · PAPER")
        await later(5)
        assert (len(stage.broker.codes), len(stage.bot.papas.codes)) == (1, 0)


@pytest.mark.parametrize("words", ["otp 123456", "Code: 123456", "mera otp hai 123456", "it's 123456"])
async def test_a_code_among_words_that_announce_it_is_deleted_and_taken(words: str, clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False, seeds=False) as stage:
        await stage.me.ask("/login", "Six digits, please.")
        said = stage.me.say(words)
        await stage.me.wait_for("Logged in.")
        assert stage.broker.codes == ["123456"]
        assert said["id"] not in [message["id"] for message in stage.chats.person(ASHA).history()]
        assert "123456" not in json.dumps([entry.body for entry in stage.inbox.entries.values()])


async def test_six_digits_among_other_words_are_deleted_and_asked_about(clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False, seeds=False) as stage:
        await stage.me.ask("/login", "Six digits, please.")
        said = await stage.me.ask("papa says 123456 perhaps", "Was that the code?")
        assert stage.broker.codes == []
        assert "papa says 123456 perhaps" not in [message["text"] for message in stage.chats.person(ASHA).history()]
        assert said["silent"], "an answer to one's own words makes no sound"
        await stage.me.ask("123456", "Logged in.")


@pytest.mark.parametrize("words", ["/quote 123456", "otp 1234567", "123456 or 654321"])
async def test_a_command_or_another_number_is_no_code_among_words(words: str, clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False, seeds=False) as stage:
        await stage.me.ask("/login", "Six digits, please.")
        stage.me.say(words)
        await later(2)
        assert stage.broker.codes == []
        assert words in [message["text"] for message in stage.chats.person(ASHA).history()]
