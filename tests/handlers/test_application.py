"""The whole face against the demo chat: each command of the table is answered, the menu is the table, nobody else is."""

import asyncio
import gc
import warnings

import pytest

from bot.domain.errors import SettingsError
from bot.domain.people.account import Role
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from handlers.application import build_application, running
from handlers.registry import COMMANDS
from tests.handlers.chat import a_bot, a_stage, a_world, counting_bytes, later, run_bot
from tests.handlers.samples import ASHA, RAVI, STRANGER

ANSWERS = {
    "start": "You are the owner here",
    "help": "/buy",
    "menu": "Menu · main · PAPER",
    "cancel": "OPEN ORDERS 🔵 main",
    "?": "Last order",
    "accounts": "main",
    "use": "Using 🟠 papa",
    "link": "Enter its secrets on this page.",
    "login": "Logged in.",
    "logout": "Logged out.",
    "session": "Session · main · PAPER",
    "unlink": "Unlink 🟠 papa?",
    "ddpi": "DDPI:",
    "buy": "BUY 10 RELIANCE          PAPER",
    "sell": "SELL 10 RELIANCE         PAPER",
    "modify": "CHANGE #12               PAPER",
    "cancel_order": "Cancelled 1 order.",
    "cancel_all": "Cancelled 12 orders.",
    "orders": "OPEN ORDERS 🔵 main",
    "order": "#12 BUY 4/10 RELIANCE",
    "trades": "TRADES 🔵 main",
    "positions": "POSITIONS 🔵 main",
    "holdings": "HOLDINGS 🔵 main",
    "funds": "FUNDS 🔵 main",
    "pnl": "P&L 🔵 main",
    "export": "Trades 1 Nov 2026 to 20 Nov 2026",
    "report": "20 NOV 2026",
    "quote": "LTP 1,480.30",
    "search": "Found",
    "basket": "Line 1: NIFTY has no 24800 CE",
    "sl": "SELL 25 RELIANCE         PAPER",
    "trail": "TRAIL                    PAPER",
    "stops": "#12 is no stop that waits for a position.",
    "chain": "CE OI|strike|OI PE",
    "convert": "RELIANCE is CNC already.",
    "carry": "RELIANCE is CNC already. It needs no carry: only intraday is squared off. Nothing was changed.",
    "chart": "CHART 🔵 main",
    "alert": "Alert 1 is set",
    "alerts": "ALERTS 🔵 main",
    "watch": "WATCH 🔵 main",
    "exit": "BUY 65 NIFTY 24500 CE",
    "panic": "PANIC",
    "kill": "Stopped. New orders are blocked.",
    "resume": "Allow new orders again?",
    "status": "STATUS 0.1.0",
    "settings": "What protects you always rings",
    "people": "A link for one trader",
    "audit": "Acts (chained",
    "limits": "LIMITS 🔵 main",
    "lock": "Sealed.",
    "unlock": "This phone is not sealed.",
    "pin": "You have a PIN.",
}
WITH_PIN, AFTER_KILL, OF_PAPA = ("lock", "pin"), ("resume", "audit"), ("use", "unlink")


def test_every_command_has_its_expected_answer_here() -> None:
    assert set(ANSWERS) == {command.name for command in COMMANDS}


@pytest.mark.parametrize("name", sorted(ANSWERS))
async def test_each_command_of_the_table_is_answered_by_its_own_example(name: str, clock: LoopClock) -> None:
    example = next(command.example for command in COMMANDS if command.name == name)
    papa = Role.OWNER if name in OF_PAPA else None
    async with a_stage(clock, papa=papa, orders=12, logged_in=name != "login") as stage:
        if name in WITH_PIN:
            await stage.bot.set_pin()
        if name in AFTER_KILL:
            await stage.me.ask("/kill", "Stopped.")
        answer = await stage.me.ask(example, ANSWERS[name])
        without_money = (
            "use",
            "unlink",
            "accounts",
            "search",
            "people",
            "quote",
            "start",
            "help",
            "lock",
            "unlock",
            "pin",
            "audit",
            "settings",
            "chain",
            "convert",
            "carry",
            "stops",
            "basket",
        )
        assert "PAPER" in answer["text"] or name in without_money


async def test_the_command_menu_is_the_table_by_role(clock: LoopClock) -> None:
    async with a_stage(clock, ravi=Role.VIEWER) as stage:
        ravi = ScriptedPerson(stage.chats, RAVI, name="Ravi")
        await stage.me.ask("/start", "You are the")
        await ravi.ask("/start", "You are the")
        for person, role in ((ASHA, Role.OWNER), (RAVI, Role.VIEWER)):
            expected = [(command.name, command.help) for command in COMMANDS if command.in_menu and command.is_for(role)]
            menu = stage.chats.person(person).menu()
            assert [(entry["command"], entry["description"]) for entry in menu] == expected
        assert stage.chats.person(STRANGER).menu() == []


async def test_a_stranger_meets_silence_and_leaves_no_trace(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        stranger = ScriptedPerson(stage.chats, STRANGER, name="Eve")
        before = stage.bot.store.runs
        for text in ("/start", "/kill", "b reliance 10", "123456"):
            stranger.say(text)
        await later(1)
        assert stage.bot.store.runs == before, "not a look at the database"
        await stage.me.ask("/menu", "Menu")
        assert not any(message["from_bot"] for message in stage.chats.person(STRANGER).history())
        assert {entry.user_id for entry in stage.inbox.entries.values()} == {ASHA}


async def test_a_person_who_was_taken_off_the_list_a_moment_ago_meets_silence(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/menu", "Menu")
        await stage.bot.store.transaction(lambda db: db.people.remove(ASHA))
        for text in ("/positions", "nonsense", "123456"):
            stage.me.say(text)
        stage.me.press("Positions")
        await later(5)
        assert stage.me.news() == []
        assert len(stage.inbox.handled) == 5


async def test_a_group_is_ignored_and_left(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/menu", "Menu")
        club = stage.chats.group("Club", [stage.chats.person(ASHA)])
        stage.chats.person(ASHA).say("/kill", chat=club)
        stage.chats.person(ASHA).say("b reliance 10", chat=club)
        await stage.me.ask("/menu", "Menu")
        assert await stage.bot.stops() == []
        assert await stage.bot.questions() == []


async def test_an_edited_message_is_answered_and_changes_nothing(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        said = stage.me.say("/menu")
        await stage.me.wait_for("Menu")
        stage.chats.person(ASHA).edit(said["id"], "/buy RELIANCE 10")
        assert (await stage.me.wait_for("I don't read edits, send it again."))["silent"]
        assert await stage.bot.questions() == []


@pytest.mark.parametrize("protected", [True, False])
async def test_messages_stay_in_the_chat_where_the_host_says_so_but_what_has_to_be_taken_elsewhere(
    clock: LoopClock, protected: bool
) -> None:
    async with (
        a_world(clock) as (chats, telegram),
        run_bot(chats, telegram, await a_bot(clock), protect_content=protected) as stage,
    ):
        assert (await stage.me.ask("/menu", "Menu"))["protected"] is protected
        assert (await stage.me.ask("/funds", "FUNDS"))["protected"] is protected
        assert (await stage.me.ask("/people add trader", "A link for one trader"))["protected"] is False
        assert (await stage.me.ask("/link papa", "For you alone, once."))["protected"] is False


async def test_a_wrong_token_stops_the_start_and_names_the_setting(clock: LoopClock) -> None:
    async with a_world(clock) as (_, telegram):
        application = build_application(
            "7000000001:WRONG",
            telegram_url=telegram.url,
            services=(await a_bot(clock)).services,
            random_bytes=counting_bytes(),
        )
        with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN"):
            async with running(application):
                pass


async def test_a_telegram_that_is_away_at_the_start_is_waited_for(clock: LoopClock, caplog: pytest.LogCaptureFixture) -> None:
    async with a_world(clock) as (chats, telegram):
        chats.faults.add("dropped", "getMe", times=3)
        chats.faults.add("server_error", "getMe", times=2)
        async with run_bot(chats, telegram, await a_bot(clock)) as stage:
            await stage.me.ask("/menu", "Menu")
    said = [record.getMessage() for record in caplog.records if record.name == "handlers.application"]
    assert len(said) == 2, said


@pytest.mark.parametrize("fault", ["dropped", "server_error"])
async def test_stopped_while_telegram_is_away_at_the_start_no_connection_is_left_open(fault: str, clock: LoopClock) -> None:
    left: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: left.append(context["message"]))
    async with a_world(clock) as (chats, telegram):
        chats.faults.add(fault, "getMe", times=1000)

        async def start() -> None:
            application = build_application(
                telegram.token,
                telegram_url=telegram.url,
                services=(await a_bot(clock)).services,
                random_bytes=counting_bytes(),
            )
            async with running(application):
                pass

        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            starting = asyncio.create_task(start())
            await later(20)
            starting.cancel()
            await asyncio.wait([starting])
            assert starting.cancelled()
            del starting
            gc.collect()
        assert [str(warning.message) for warning in warned if issubclass(warning.category, ResourceWarning)] == []
    assert left == []


async def test_the_way_through_other_accounts_keeps_the_label(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER) as stage:
        await stage.me.ask("papa: p", "POSITIONS 🟠 papa")
        await later(1)
        await stage.me.choose("Refresh", "as of 09:00:01")
        await stage.me.choose("P&L", "P&L 🟠 papa")
        await stage.me.ask("nobody: p", 'There is no account "nobody". Yours: main, papa.')
        offered = await stage.me.ask("papa: q relaince", 'No "RELAINCE" on NSE or BSE.')
        assert [[item["data"] for item in line] for line in offered["buttons"]] == [["w:papa: /quote RELIANCE-EQ"]]


async def test_a_viewer_may_look_and_nothing_else(clock: LoopClock) -> None:
    async with a_stage(clock, Role.VIEWER, orders=12) as stage:
        await stage.me.ask("/p", "POSITIONS")
        await stage.me.ask("/buy RELIANCE 10", "As viewer you may not trade or cancel.")
        await stage.me.ask("/kill", "As viewer you may not stop trading.")
        stage.chats.person(ASHA).forge(stage.me.last["id"], "o:o12:e")
        await stage.me.wait_for("As viewer you may not trade or cancel.")
        stage.chats.person(ASHA).forge(stage.me.last["id"], "e")
        await stage.me.wait_for("As viewer you may not trade or cancel.")
        assert (await stage.bot.questions(), stage.broker.cancels) == ([], [])
