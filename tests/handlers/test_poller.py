"""What comes in is stored before it is acknowledged, handled once, and survives kills, outages and floods."""

import json
import logging

import pytest

from bot.domain.clock import ist_date
from bot.domain.errors import StorageError
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role, User
from bot.domain.ports.inbox import InboxEntry
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.trading.people.allowlist import MAX_AGE
from bot.trading.people.invitations import put_on_list
from handlers.commands.people.account import BLANK
from tests.handlers.chat import SeenInbox, a_bot, a_stage, a_world, later, run_bot
from tests.handlers.samples import ASHA, RAVI, STRANGER
from tests.stage.disk import Disk
from tests.storage.samples import ACCOUNT


def texts(inbox: SeenInbox) -> list[str]:
    return [json.loads(entry.body)["message"]["text"] for entry in inbox.entries.values() if "message" in json.loads(entry.body)]


async def test_everything_said_is_stored_and_marked_when_handled(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await stage.me.ask("/menu", "Menu")
        await later(1)
        assert texts(stage.inbox) == ["/buy RELIANCE 10", "/menu"]
        assert stage.inbox.handled == set(stage.inbox.entries)
        assert stage.chats.updates.pending == []


@pytest.mark.parametrize("sent", [False, True])
async def test_a_tap_that_was_cut_off_by_a_kill_is_handled_after_the_restart_and_acts_once(sent: bool, clock: LoopClock) -> None:
    """The process dies while the tap is being handled: before anything was sent, or after it and before it was answered."""
    bot = await a_bot(clock)

    def die() -> None:
        bot.store.held = True

    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha")
        async with run_bot(chats, telegram, bot, me=me, clean=False):
            card = await me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
            await later(1)
            bot.broker.after_place = die
            if not sent:
                die()
            me.press("Confirm buy", card)
            await later(2)
            assert bot.broker.posts == int(sent)
            assert len(bot.inbox.entries) - len(bot.inbox.handled) == 1
        bot.store.held, bot.broker.after_place = False, lambda: None
        await bot.start()
        async with run_bot(chats, telegram, bot, me=me):
            await later(2)
            assert bot.broker.posts == 1
            assert bot.inbox.handled == set(bot.inbox.entries)
            if sent:
                await me.wait_for("This card was answered already.")


async def test_what_could_not_be_stored_is_not_acknowledged_and_ends_the_poller(clock: LoopClock) -> None:
    bot = await a_bot(clock)
    disk = Disk(bot.store, full=False)
    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha")

        async def try_it() -> None:
            async with run_bot(chats, telegram, bot, me=me):
                disk.damaged = True
                me.say("/buy RELIANCE 10")
                await later(1)

        with pytest.raises(StorageError):
            await try_it()
        assert await bot.questions() == []
        assert len(chats.updates.pending) == 1, "Telegram still has it"
        disk.damaged = False
        await bot.start()
        async with run_bot(chats, telegram, bot, me=me):
            await me.wait_for("BUY 10 RELIANCE")


async def test_an_update_that_telegram_sends_twice_is_handled_once(clock: LoopClock) -> None:
    bot = await a_bot(clock, orders=12)
    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha")
        async with run_bot(chats, telegram, bot, me=me):
            await me.ask("/menu", "Menu")
            chats.faults.add("lost_answer", "getUpdates", times=1)  # taken by Telegram, the answer is cut: it comes again
            me.say("cancel 12")
            await me.wait_for("Cancelled 1 order.")
            await later(60)
        assert bot.cancelled() == [12]


async def test_what_was_typed_while_the_bot_was_away_is_offered_and_not_done(clock: LoopClock) -> None:
    bot = await a_bot(clock, orders=12)
    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha", started=True)
        me.say("cancel 12")
        await later(91)
        async with run_bot(chats, telegram, bot, me=me):
            offer = await me.wait_for("Typed 09:00 on 20 Nov. I was away, so nothing was done with it.")
            assert bot.cancelled() == []
            me.press("Do it now", offer)
            await me.wait_for("Cancelled 1 order.")
            assert bot.cancelled() == [12]


async def test_what_was_typed_just_now_is_done_even_if_the_bot_was_away_for_it(clock: LoopClock) -> None:
    bot = await a_bot(clock, orders=12)
    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha", started=True)
        me.say("cancel 12")
        await later(60)
        async with run_bot(chats, telegram, bot, me=me):
            await me.wait_for("Cancelled 1 order.")


async def test_the_kill_switch_is_thrown_however_late_it_arrives(clock: LoopClock) -> None:
    bot = await a_bot(clock, papa=Role.OWNER)
    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha", started=True)
        me.say("papa: kill")
        await later(4000)
        async with run_bot(chats, telegram, bot, me=me):
            await me.wait_for("Stopped. New orders are blocked.")
        assert await bot.stops() == ["papa"]


async def test_a_code_that_came_before_a_kill_is_not_used_and_its_message_is_deleted(clock: LoopClock) -> None:
    bot = await a_bot(clock, orders=12)
    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha", started=True)
        said = me.say("123456")
        body = {
            "update_id": 1,
            "message": {
                "message_id": said["id"],
                "date": int(clock.now().timestamp()),
                "text": BLANK,
                "chat": {"id": ASHA, "type": "private"},
                "from": {"id": ASHA, "is_bot": False, "first_name": "Asha"},
            },
        }
        await bot.inbox.add([InboxEntry(update_id=1, user_id=ASHA, body=json.dumps(body), received_at=clock.now())])
        chats.updates.pending.clear()
        async with run_bot(chats, telegram, bot, me=me):
            await me.wait_for("I was away when your code came. It was not used and not kept.")
            await me.wait_until_gone(said["id"])
        assert bot.broker.codes == []


async def test_a_row_that_cannot_be_read_any_more_does_not_stop_the_start(clock: LoopClock) -> None:
    bot = await a_bot(clock, orders=12)
    for update_id, body in ((1, "{"), (2, "[]"), (3, '{"update_id": 3, "message": {}}')):
        await bot.inbox.add([InboxEntry(update_id=update_id, user_id=ASHA, body=body, received_at=clock.now())])
    async with a_world(clock) as (chats, telegram), run_bot(chats, telegram, bot) as stage:
        await stage.me.ask("/menu", "Menu")
        assert {1, 2, 3} <= bot.inbox.handled


async def test_an_outage_of_telegram_is_survived_and_logged_once_at_each_end(
    clock: LoopClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/menu", "Menu")
        stage.chats.faults.add("bad_gateway", "getUpdates", times=3)
        stage.chats.faults.add("conflict", "getUpdates", times=2)
        stage.chats.faults.add("dropped", "getUpdates", times=2)
        stage.chats.faults.add("flood", "getUpdates", times=1, seconds=7)
        with caplog.at_level(logging.INFO, logger="handlers.poller"):
            await later(300)
            await stage.me.ask("/menu", "Menu")
        said = [record.getMessage() for record in caplog.records if record.name == "handlers.poller"]
        assert len([line for line in said if "does not answer" in line]) == 1, said
        assert len([line for line in said if "answers again" in line]) == 1, said


async def test_a_flood_of_one_person_is_refused_once_in_words_and_the_kill_switch_passes(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/menu", "Menu")
        for _ in range(80):
            stage.me.say("cancel 12")
        stage.me.say("/kill")
        await stage.me.wait_for("Stopped. New orders are blocked.")
        await later(100)
        assert await stage.bot.stops() == ["main"]
        assert len(stage.bot.cancelled()) < 40
        refused = [message for message in stage.me.history() if "Too many messages at once" in message["text"]]
        assert [message["silent"] for message in refused] == [True], "an answer to one's own words makes no sound"


async def test_a_flood_of_strangers_costs_no_row_and_no_answer(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        for person in range(100):
            stage.chats.person(STRANGER + person, name="Eve").say("/start")
        await stage.me.ask("/menu", "Menu")
        assert len(stage.inbox.entries) == 1
        assert len(stage.telegram.server.sent("sendMessage")) == 1


async def test_a_person_added_on_the_host_is_recognised_when_the_list_is_read_again(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/menu", "Menu")
        ravi = ScriptedPerson(stage.chats, RAVI, name="Ravi")
        await stage.bot.store.transaction(
            lambda db: put_on_list(db, User(telegram_id=RAVI, name="Ravi"), Role.VIEWER, None, clock.now())
        )
        await later(MAX_AGE + 1)
        await stage.me.ask("/menu", "Menu")
        await ravi.ask("/menu", "Menu")


async def test_closing_lets_what_is_under_way_finish(clock: LoopClock) -> None:
    bot = await a_bot(clock)
    bot.broker.slow = 3
    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha")
        async with run_bot(chats, telegram, bot, me=me):
            card = await me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
            await later(1)
            me.press("Confirm buy", card)
            await later(1)
        order = await bot.store.transaction(lambda db: db.orders.by_number(ACCOUNT.id, ist_date(clock.now()), 1))
        assert order is not None
        assert (bot.broker.posts, order.status) == (1, OrderStatus.OPEN)
        assert bot.inbox.handled == set(bot.inbox.entries)
