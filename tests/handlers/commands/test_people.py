"""Inviting, joining and leaving by chat; a stranger is heard for a joining code and for nothing else (T14, T15)."""

import asyncio
import json

import pytest
from telegram import Update

from bot.domain.errors import ConfirmationGone
from bot.domain.people.account import Role
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from handlers.telegram.admission import Verdict, joining_code, judge
from handlers.telegram.receiver import Received
from tests.handlers.chat import a_stage, heard
from tests.handlers.face import ASHA, RAVI, STRANGER, FakeServices
from tests.handlers.telegram.test_admission import FORWARD, a_chat, a_message, a_user, read

CODE = "abcdefghijklmnopqrstuvwxyz"
KNOCK = f"/start {CODE}"


async def test_an_invitation_is_a_link_that_can_be_copied_and_says_how_long_it_lives(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        answer = await stage.me.ask("/people add guardian papa", "A link for one guardian · papa")
        link = f"https://t.me/{stage.application.bot.username}?start={CODE}"
        assert link in answer["text"]
        assert "It works once, until 14:12:11." in answer["text"]


@pytest.mark.parametrize(
    "words", ["/people add", "/people add king", "/people add trader papa mama", "/people remove", "/people x"]
)
async def test_what_is_not_understood_is_answered_with_an_example(words: str, clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask(words, "Try /people")
        assert stage.services.invitations.removed == []


async def test_somebody_is_taken_off_by_name_or_id(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/people remove Ravi", "Ravi is off the list.")
        assert stage.services.invitations.removed == ["Ravi"]


async def test_a_stranger_with_the_code_is_welcomed_and_nothing_of_it_is_stored(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        ravi = ScriptedPerson(stage.chats, RAVI, name="Ravi")
        ravi.say(KNOCK)
        await ravi.wait_for("Welcome. You are trader")
        assert stage.services.invitations.knocks == [(RAVI, "Ravi", CODE)]
        assert stage.inbox.entries == {}
        late = ScriptedPerson(stage.chats, STRANGER, name="Eve")
        late.say(KNOCK)
        await late.wait_for("This link is over")


async def test_every_other_word_of_a_stranger_meets_silence(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        eve = ScriptedPerson(stage.chats, STRANGER, name="Eve")
        wrong = "/start " + "b" * 26
        for text in ("/start", "/start x", f"/start {CODE}x", f"/start  {CODE}", f"/START {CODE}", f"hello {CODE}", wrong, CODE):
            eve.say(text)
        await asyncio.sleep(10)
        assert [each for each in eve.history() if each["from_bot"]] == []
        assert stage.services.invitations.knocks == [(STRANGER, "Eve", "b" * 26)], "well-formed, and no such code: silence too"
        assert stage.inbox.entries == {}


async def test_a_stranger_knocks_five_times_in_ten_minutes_and_a_crowd_twenty_times_in_one(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        for number in range(60):
            body = {"update_id": number + 1, "message": a_message(STRANGER, text="/start " + "b" * 26)}
            await stage.intake._take(Received(updates=(heard(Update.de_json(body, stage.application.bot)),), offset=1))
        assert len(stage.services.invitations.knocks) <= 5
        crowd = []
        for number in range(60):
            person = 10_000 + number
            body = {"update_id": number + 100, "message": a_message(person, text="/start " + "b" * 26)}
            crowd.append(Update.de_json(body, stage.application.bot))
        await stage.intake._take(Received(updates=tuple(map(heard, crowd)), offset=1))
        await asyncio.sleep(1)
        assert 5 < len(stage.services.invitations.knocks) <= 20
        await asyncio.sleep(600)
        stage.services.invitations.knocks.clear()
        await stage.intake._take(Received(updates=(heard(crowd[0]),), offset=1))
        await asyncio.sleep(1)
        assert len(stage.services.invitations.knocks) == 1


async def test_one_who_is_on_the_list_may_open_a_link_to_another_account(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask(KNOCK, "Welcome. You are trader")
        await stage.me.ask(KNOCK, "This link is over")


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
    assert judge(read(message=plain), known).verdict is Verdict.KNOCK
    odd = {key: value for key, value in {**plain, **more}.items() if value is not None}
    assert judge(read(message=odd), known).verdict is Verdict.DROP
    assert judge(read(edited_message=plain), known).verdict is Verdict.DROP


def test_a_code_is_26_letters_of_base32() -> None:
    assert joining_code(KNOCK) == CODE
    assert joining_code(f"/start {CODE[:-1]}1") is None
    assert joining_code(f"/start {CODE.upper()}") is None
    assert json.dumps(KNOCK).isascii()


async def test_a_tap_on_somebody_elses_card_and_an_act_beyond_the_role_reach_the_owners(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.services.desk.refuses = ConfirmationGone("I don't know this card. Nothing was sent.", foreign=True)
        stage.me.press("Confirm buy", card)
        answer = await stage.me.wait_for("I don't know this card.")
        assert "somebody else" not in answer["text"], "a guesser learns nothing"
        stage.services.desk.refuses = ConfirmationGone("I don't know this card. Nothing was sent.")
        await stage.me.ask("/modify 12 2905", "")
        stage.services.allowlist.roles[ASHA] = Role.VIEWER
        await stage.me.ask("/kill", "As viewer you may not")
        assert [what for _, what in stage.services.invitations.told] == [
            "tapped on a card of somebody else's",
            "tried /kill, which the role does not allow",
        ]


async def test_a_person_is_answered_even_when_the_owners_cannot_be_told(clock: LoopClock) -> None:
    async with a_stage(clock, FakeServices(clock, {ASHA: Role.VIEWER})) as stage:
        stage.services.invitations.broken = True
        await stage.me.ask("/kill", "As viewer you may not")
