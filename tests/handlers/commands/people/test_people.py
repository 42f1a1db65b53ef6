"""Inviting, joining and leaving by chat.

A stranger is heard for a joining code and for nothing else (T14, T15).
"""

import asyncio
import json
import re
from collections.abc import Sequence

import pytest

from bot.domain.people.account import Role, User
from bot.domain.ports.inbox import InboxEntry
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from handlers.telegram.admission import Verdict, joining_code, judge
from handlers.telegram.receiver import Received
from handlers.views.taps.tap import encode
from handlers.views.taps.taps import CardTap, CardVerb
from storage.store import SqlStore
from tests.handlers.chat import SeenInbox, Stage, a_bot, a_stage, a_world, owners_hear, run_bot, token_of
from tests.handlers.samples import ASHA, RAVI, STRANGER
from tests.handlers.telegram.test_admission import FORWARD, a_chat, a_message, a_user
from tests.stage.disk import Disk
from tests.storage.samples import ACCOUNT

CODE = "abcdefghijklmnopqrstuvwxyz"
KNOCK = f"/start {CODE}"


async def invited(stage: Stage, words: str = "trader") -> str:
    """The knock that the owner's newest link leads to."""
    answer = await stage.me.ask(f"/people add {words}", "A link for one")
    found = re.search(r"start=([a-z2-7]{26})", answer["text"])
    assert found is not None
    return f"/start {found[1]}"


async def test_an_invitation_is_a_link_that_can_be_copied_and_says_how_long_it_lives(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER) as stage:
        answer = await stage.me.ask("/people add guardian papa", "A link for one guardian · papa")
        assert re.search(rf"https://t\.me/{stage.application.bot.username}\?start=[a-z2-7]{{26}}\n", answer["text"])
        assert "It works once, until 09:10:00." in answer["text"]
        link = next(line for line in answer["text"].splitlines() if line.startswith("https://"))
        assert [item["copy"] for row in answer["buttons"] for item in row] == [link]


@pytest.mark.parametrize(
    "words", ["/people add", "/people add king", "/people add trader papa mama", "/people remove", "/people x"]
)
async def test_what_is_not_understood_is_answered_with_an_example(words: str, clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER, ravi=Role.VIEWER) as stage:
        await stage.me.ask(words, "Try /people")
        assert await stage.bot.done("person removed") == []
        assert await stage.bot.done("invited") == []


@pytest.mark.parametrize("who", ["Ravi", str(RAVI)])
async def test_somebody_is_taken_off_by_name_or_id(who: str, clock: LoopClock) -> None:
    async with a_stage(clock, ravi=Role.VIEWER) as stage:
        await stage.me.ask(f"/people remove {who}", "Ravi is off the list.")
        assert await stage.bot.store.transaction(lambda db: db.people.role_on(RAVI, ACCOUNT.id)) is None


async def test_a_stranger_with_the_code_is_welcomed_and_nothing_of_it_is_stored(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        knock = await invited(stage)
        ravi = ScriptedPerson(stage.chats, RAVI, name="Ravi")
        ravi.say(knock)
        assert (await ravi.wait_for("Welcome. You are trader"))["silent"]
        assert await stage.bot.store.transaction(lambda db: db.people.role_on(RAVI, ACCOUNT.id)) is Role.TRADER
        assert {entry.user_id for entry in stage.inbox.entries.values()} == {ASHA}
        late = ScriptedPerson(stage.chats, STRANGER, name="Eve")
        late.say(knock)
        assert (await late.wait_for("This link is over"))["silent"]


async def test_every_other_word_of_a_stranger_meets_silence(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        knock = await invited(stage)
        code = knock.removeprefix("/start ")
        eve = ScriptedPerson(stage.chats, STRANGER, name="Eve")
        wrong = "/start " + "b" * 26
        for text in ("/start", "/start x", f"{knock}x", f"/start  {code}", f"/START {code}", f"hello {code}", wrong, code):
            eve.say(text)
        await asyncio.sleep(10)
        assert [each for each in eve.history() if each["from_bot"]] == []
        [refused] = await stage.bot.done("refused")
        assert refused.startswith("came with a joining code that nobody made"), "well-formed, and no such code: silence too"
        assert {entry.user_id for entry in stage.inbox.entries.values()} == {ASHA}
        eve.say(knock)
        await eve.wait_for("Welcome. You are trader")


async def test_a_stranger_knocks_five_times_in_ten_minutes_and_a_crowd_twenty_times_in_one(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        store = stage.bot.store
        before = store.runs
        for number in range(60):
            body = {"update_id": number + 1, "message": a_message(STRANGER, text="/start " + "b" * 26)}
            await stage.poller._take(Received(updates=(body,), offset=1))
        assert store.runs - before <= 5
        crowd = []
        for number in range(60):
            person = 10_000 + number
            body = {"update_id": number + 100, "message": a_message(person, text="/start " + "b" * 26)}
            crowd.append(body)
        before = store.runs
        await stage.poller._take(Received(updates=tuple(crowd), offset=1))
        await asyncio.sleep(1)
        assert 5 < store.runs - before <= 20
        await asyncio.sleep(600)
        before = store.runs
        await stage.poller._take(Received(updates=(crowd[0],), offset=1))
        await asyncio.sleep(1)
        assert 1 <= store.runs - before <= 2, "looked up, and the list of people read again"


async def test_one_who_is_on_the_list_may_open_a_link_to_another_account(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER, ravi=Role.VIEWER) as stage:
        knock = await invited(stage, "trader papa")
        ravi = ScriptedPerson(stage.chats, RAVI, name="Ravi")
        await ravi.ask(knock, "Welcome. You are trader")
        await ravi.ask(knock, "You are on the list already.")


def known(_: int) -> bool:
    return False


@pytest.mark.parametrize(
    "more",
    [
        {"forward_origin": FORWARD},
        {"via_bot": a_user(77, is_bot=True)},
        {"sender_chat": a_chat(-100, "channel")},
        {"edit_date": 1790000001},
        {"business_connection_id": "b1"},
        {"chat": a_chat(-5, "group")},
        {"chat": a_chat(5)},
        {"from": a_user(STRANGER, is_bot=True)},
        {"text": None},
    ],
)
def test_only_a_plain_knock_counts(more: dict[str, object]) -> None:
    plain = a_message(STRANGER, text=KNOCK)
    assert judge({"message": plain}, known).verdict is Verdict.KNOCK
    odd = {key: value for key, value in {**plain, **more}.items() if value is not None}
    assert judge({"message": odd}, known).verdict is Verdict.DROP
    assert judge({"edited_message": plain}, known).verdict is Verdict.DROP


def test_a_code_is_26_letters_of_base32() -> None:
    assert joining_code(KNOCK) == CODE
    assert joining_code(f"/start {CODE[:-1]}1") is None
    assert joining_code(f"/start {CODE.upper()}") is None
    assert json.dumps(KNOCK).isascii()


async def test_a_tap_on_somebody_elses_card_and_an_act_beyond_the_role_reach_the_owners(clock: LoopClock) -> None:
    async with a_stage(clock, ravi=Role.TRADER) as stage:
        ravi = ScriptedPerson(stage.chats, RAVI, name="Ravi")
        theirs = await ravi.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        menu = await stage.me.ask("/menu", "Menu")
        stage.me.forge(menu["id"], encode(CardTap(token_of(theirs), CardVerb.CONFIRM)))
        answer = await stage.me.wait_for("I don't know this card.")
        assert "somebody else" not in answer["text"], "a guesser learns nothing"
        assert await owners_hear(stage) == 1
        stage.me.forge(menu["id"], encode(CardTap("STOLENTOKEN", CardVerb.CONFIRM)))
        await stage.me.wait_for("I don't know this card.")
        await stage.me.ask("/modify 12 2905", "#12")
        assert await owners_hear(stage) == 0
        await stage.bot.store.transaction(
            lambda db: db.people.add(User(telegram_id=ASHA, name="Asha"), Role.VIEWER, None, clock.now())
        )
        await stage.me.ask("/kill", "As viewer you may not")
        assert [what.partition(" · ")[0] for what in await stage.bot.done("refused")] == [
            "tapped on a card of somebody else's",
            "tried /kill, which the role does not allow",
        ]


class LastRow(SeenInbox):
    """The disk is full as soon as an update was stored."""

    def __init__(self, store: SqlStore, disk: Disk) -> None:
        super().__init__(store)
        self.disk = disk

    async def add(self, updates: Sequence[InboxEntry]) -> Sequence[InboxEntry]:
        fresh = await super().add(updates)
        self.disk.full = bool(fresh)
        return fresh


async def test_a_person_is_answered_even_when_the_owners_cannot_be_told(clock: LoopClock) -> None:
    bot = await a_bot(clock, Role.VIEWER)
    bot.inbox = LastRow(bot.store, disk := Disk(bot.store, full=False))
    async with a_world(clock) as (chats, telegram), run_bot(chats, telegram, bot) as stage:
        await stage.me.ask("/kill", "As viewer you may not")
        disk.full = False
        assert await bot.done("refused") == []
