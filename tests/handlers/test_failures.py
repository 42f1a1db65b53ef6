"""What a handler raises becomes words with an id, and the same id stands in the log line.

The bot goes on.
"""

import logging

import pytest

from bot.domain.errors import BrokerError, NotSent, SessionExpired, TooFast, Unclear
from bot.simulators.loop import LoopClock
from tests.handlers.chat import a_stage, later


async def test_a_fault_of_ours_is_told_with_an_id_that_finds_the_log_line(
    clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/menu", "Menu")
        stage.broker.out_of_order = KeyError("a bug")
        told = await stage.me.ask("/orders", "Something went wrong, and it was my fault.")
        assert told["text"].endswith("id 0002"), "the id of the second update"
        line = next(record for record in caplog.records if record.name == "handlers.failures")
        assert line.levelno == logging.ERROR
        assert "id 0002" in line.getMessage()
        assert line.exc_info is not None
        stage.broker.out_of_order = None
        await stage.me.ask("/orders", "ORDERS 🔵 main")


@pytest.mark.parametrize(
    "expected", [SessionExpired("The session is over."), NotSent("No way."), TooFast("Wait.", retry_after=1)]
)
async def test_what_is_expected_of_a_broker_is_logged_on_one_line(
    expected: BrokerError, clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_stage(clock, logged_in=False) as stage:
        stage.broker.login_refused = expected
        await stage.me.ask("/login", expected.say)
        lines = [record for record in caplog.records if record.name == "handlers.failures"]
        assert [(line.levelno, line.exc_info) for line in lines] == [(logging.WARNING, None)]


async def test_a_broker_that_does_not_answer_is_told_with_what_became_of_the_act(clock: LoopClock) -> None:
    async with a_stage(clock, logged_in=False) as stage:
        stage.broker.login_refused = NotSent("mStock does not answer (since 09:14:02).")
        told = await stage.me.ask("/login", "mStock does not answer (since 09:14:02).")
        assert "Nothing was sent. Nothing waits in a queue: it is safe to ask again." in told["text"]
        assert "id 0001" in told["text"]
        stage.broker.login_refused = Unclear("The answer got lost.")
        told = await stage.me.ask("/login", "The answer got lost.")
        assert "It may have happened. I will not do it again" in told["text"]


async def test_what_a_person_asked_wrongly_is_answered_without_an_id_and_not_as_a_fault(
    clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_stage(clock) as stage:
        told = await stage.me.ask("/buy infy ten", '"ten" is not a quantity.')
        assert told["text"].splitlines()[-1] == "Try /buy infy 10"
        assert " id " not in told["text"]
        await stage.me.ask("/limits value 10000", "LIMITS")
        await stage.me.ask("/limits quantity 5", "LIMITS")
        told = await stage.me.ask("/buy RELIANCE 10", "Not sent.")
        assert told["text"].splitlines() == [
            "🔵 Not sent.",
            "• Worth 14,877.00, over your own limit of 10,000.00 for one order.",
            "• 10 is over your own limit of 5 for one order.",
        ]
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_an_unread_word_offers_the_nearest_commands(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        told = await stage.me.ask("/postions", "I don't understand that. Nothing was done.")
        assert told["buttons"][0][0]["label"] == "/positions"
        await stage.me.choose("/positions", "POSITIONS 🔵 main")
        for said in ("what a day", "hello"):
            told = await stage.me.ask(said, "I don't understand that.")
            assert [item["label"] for item in told["buttons"][0]] == ["Menu", "Help"], "no guess is better than a far one"


@pytest.mark.parametrize("said", ["flat", "/flat now", "get me out!", "bachao", "🆘"])
async def test_whoever_wants_out_in_words_that_are_no_command_is_shown_the_ways_out(said: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        told = await stage.me.ask(said, "Nothing was done.")
        assert [item["label"] for row in told["buttons"] for item in row] == ["/positions", "/cancel_all", "/kill"]


@pytest.mark.parametrize("said", ["stop everything", "sab band karo", "बंद करो", "रोको!", "trading rok do"])
async def test_whoever_wants_trading_stopped_in_words_that_are_no_command_is_shown_the_kill_switch_first(
    said: str, clock: LoopClock
) -> None:
    async with a_stage(clock) as stage:
        told = await stage.me.ask(said, "Nothing was done.")
        assert [item["label"] for row in told["buttons"] for item in row] == ["/kill", "/cancel_all", "/positions"]


@pytest.mark.parametrize("said", ["yes", "OK!!", "confirm", "haan ji", "हाँ", "👍"])
async def test_whoever_agrees_in_words_is_told_that_only_a_button_confirms(said: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await stage.me.ask(said, "Words confirm nothing. Tap the button on the card you mean. Nothing was done.")


@pytest.mark.parametrize("fault", ["lost_answer", "hanging"])
async def test_under_an_answer_that_may_have_arrived_nothing_is_said(
    fault: str, clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_stage(clock) as stage:
        stage.chats.faults.add(fault, "sendMessage")
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await later(60)
        assert stage.me.last == card
        lines = [record for record in caplog.records if record.name == "handlers.failures"]
        assert [(line.levelno, line.exc_info) for line in lines] == [(logging.WARNING, None)]
        assert "an answer may have arrived" in lines[0].getMessage()


@pytest.mark.parametrize(
    ("fault", "times", "named"),
    [
        ("bad_gateway", 1, "Telegram could not be reached."),
        ("server_error", 1, "Telegram could not be reached."),
        ("flood", 3, "Telegram asks to wait."),
    ],
)
async def test_an_answer_that_telegram_did_not_take_is_named_as_telegrams_failure(
    fault: str, times: int, named: str, clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_stage(clock) as stage:
        stage.chats.faults.add(fault, "sendMessage", times=times)
        told = await stage.me.ask("/positions", named)
        assert "My answer did not arrive." in told["text"]
        assert "fault" not in told["text"]
        assert [item["label"] for row in told["buttons"] for item in row] == ["Orders"]
        lines = [record for record in caplog.records if record.name == "handlers.failures"]
        assert [(line.levelno, line.exc_info) for line in lines] == [(logging.WARNING, None)]
        assert told["text"].splitlines()[-1] in lines[0].getMessage(), "the id finds the line"


async def test_while_telegram_asks_for_minutes_the_next_words_do_not_wait_to_be_done(clock: LoopClock) -> None:
    async with a_stage(clock, orders=12) as stage:
        stage.chats.faults.add("flood", "sendMessage", seconds=300)
        stage.me.say("/positions")
        await later(1)
        stage.me.say("/cancel_order 12")
        await later(5)
        assert stage.bot.cancelled() == [12]


async def test_a_telegram_that_does_not_take_the_answer_harms_nobody(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/menu", "Menu")
        stage.chats.faults.add("server_error", "sendMessage", times=2)
        stage.me.say("/positions")
        await later(5)
        await stage.me.ask("/positions", "POSITIONS")


async def test_work_that_takes_longer_than_a_moment_shows_that_it_is_under_way(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        assert stage.telegram.server.sent("sendChatAction") == []
        stage.broker.slow = 3
        await later(1)
        stage.me.press("Confirm buy", card)
        await later(4)
        assert len(stage.telegram.server.sent("sendChatAction")) == 1
