"""People and the bot in memory: what each side sees, and what watchers are told."""

import asyncio
import gc
from datetime import timedelta

import pytest

from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.chat.messages import Json
from bot.simulators.telegram.chat.watching import Events
from bot.simulators.telegram.errors import PersonError


def updates(chats: Chats) -> list[Json]:
    return [{key: value for key, value in each.items() if key != "update_id"} for each in chats.updates.pending]


def said_by_bot(chats: Chats, person: ScriptedPerson, text: str, *rows: list[Json]) -> int:
    message = chats.new_message(person.private, chats.bot, text=text, rows=list(rows))
    return chats.send(person.private, message).id


GO = {"text": "Go", "callback_data": "go"}


async def taken(events: Events) -> list[Json]:
    """All that was told so far."""
    await events.aclose()
    return [each async for each in events]


async def test_a_command_reaches_the_bot_marked_as_one(chats: Chats, asha: ScriptedPerson) -> None:
    asha.say("/buy RELIANCE 10")
    (update,) = updates(chats)
    message = update["message"]
    assert message["text"] == "/buy RELIANCE 10"
    assert message["entities"] == [{"type": "bot_command", "offset": 0, "length": 4}]
    assert message["from"] == {"id": 4211, "is_bot": False, "first_name": "Asha", "language_code": "en"}
    assert message["chat"] == {"id": 4211, "type": "private", "first_name": "Asha"}


async def test_a_reply_carries_what_it_replies_to(chats: Chats, asha: ScriptedPerson) -> None:
    card = said_by_bot(chats, asha, "Filled #12")
    asha.say("sl 2880", reply_to=card)
    (update,) = updates(chats)
    assert update["message"]["reply_to_message"]["text"] == "Filled #12"
    asha.remove(card)
    with pytest.raises(PersonError, match="is gone"):
        asha.say("half", reply_to=card)


async def test_an_edit_comes_as_its_own_kind_of_update(chats: Chats, asha: ScriptedPerson, loop: VirtualLoop) -> None:
    said = asha.say("/buy RELIANCE 10")
    loop.shift(4)
    asha.edit(said["id"], "/buy RELIANCE 100")
    edited = updates(chats)[1]["edited_message"]
    assert (edited["message_id"], edited["text"]) == (said["id"], "/buy RELIANCE 100")
    assert edited["edit_date"] - edited["date"] == 4
    with pytest.raises(PersonError, match="only own messages"):
        asha.edit(said_by_bot(chats, asha, "card"), "x")


async def test_a_forwarded_text_says_whose_it_was(chats: Chats, asha: ScriptedPerson) -> None:
    asha.forward("/sell RELIANCE 100", "Tips club")
    (update,) = updates(chats)
    assert update["message"]["forward_origin"]["sender_user"]["first_name"] == "Tips club"
    assert asha.history()[0]["forwarded_from"] == "Tips club"


async def test_nobody_is_told_of_a_persons_deletion_but_the_watchers(chats: Chats, asha: ScriptedPerson) -> None:
    events = asha.events()
    said = asha.say("secret")
    asha.remove(said["id"])
    assert [each["type"] for each in await taken(events)] == ["message", "delete"]
    assert len(updates(chats)) == 1
    with pytest.raises(PersonError, match="is gone"):
        asha.remove(said["id"])


async def test_only_buttons_that_are_there_can_be_tapped_but_anything_can_be_forged(chats: Chats, asha: ScriptedPerson) -> None:
    card = said_by_bot(chats, asha, "card", [GO, {"text": "Copy", "copy_text": {"text": "x"}}])
    first, second = asha.tap(card, "go"), asha.tap(card, "go")
    assert first != second
    for message_id, data in ((card, "other"), (card, "x"), (card + 1, "go")):
        with pytest.raises(PersonError):
            asha.tap(message_id, data)
    asha.forge(card, "other")
    taps = [each["callback_query"] for each in updates(chats)]
    assert [each["data"] for each in taps] == ["go", "go", "other"]
    assert taps[0]["message"]["reply_markup"]["inline_keyboard"][0][0] == GO
    assert taps[0]["chat_instance"] == taps[2]["chat_instance"]


async def test_an_injected_update_is_passed_on_as_it_is(chats: Chats) -> None:
    assert chats.inject({"message": {"message_id": 1, "text": "from nowhere"}}) == chats.updates.pending[0]["update_id"]
    assert updates(chats) == [{"message": {"message_id": 1, "text": "from nowhere"}}]
    chats.inject({"nonsense": 5})
    assert updates(chats)[1] == {"nonsense": 5}


async def test_each_watcher_is_told_everything_from_its_beginning_on_and_nothing_of_others(
    chats: Chats, asha: ScriptedPerson
) -> None:
    ravi = ScriptedPerson(chats, 4212, started=True)
    early = asha.events()
    asha.say("one")
    late = asha.events()
    ravi.say("not hers")
    card = said_by_bot(chats, asha, "two", [GO])
    query = asha.press("Go")
    chats.answer(query, text="done", alert=False, url=None)
    chats.act(asha.private, "typing")
    told = await taken(early)
    assert [each["type"] for each in told] == ["message", "message", "answer", "action"]
    assert told[1]["message"] == asha.message(card)
    assert told[2] | {"user_id": 0} == {
        "type": "answer",
        "query_id": query,
        "user_id": 0,
        "message_id": card,
        "data": "go",
        "text": "done",
        "alert": False,
        "url": None,
    }
    assert await taken(late) == told[1:]


async def test_a_watcher_that_is_dropped_is_forgotten(chats: Chats, asha: ScriptedPerson) -> None:
    events = asha.events()
    del events
    gc.collect()
    assert chats._watchers.watched() == []


async def test_a_group_speaks_to_its_members_and_the_bot(chats: Chats, asha: ScriptedPerson) -> None:
    ravi = ScriptedPerson(chats, 4212)
    group = chats.group("Tips club", [asha, ravi])
    events = ravi.events()
    asha.say("/positions", chat=group)
    (told,) = await taken(events)
    assert (told["chat_id"], told["message"]["text"]) == (group.id, "/positions")
    assert asha.history() == []
    assert group.id < 0
    assert [next(iter(each)) for each in updates(chats)] == ["my_chat_member", "message"]


async def test_a_chat_begun_over_a_kept_bot_repeats_no_number(
    chats: Chats, asha: ScriptedPerson, loop: VirtualLoop, clock: LoopClock
) -> None:
    last = [asha.say(str(number))["id"] for number in range(50)][-1]
    last_update = chats.updates.pending[-1]["update_id"]
    loop.shift(60)
    again = Chats(clock)
    other = ScriptedPerson(again, 4211)
    assert other.say("x")["id"] > last
    assert again.updates.pending[0]["update_id"] > last_update


async def test_a_block_silences_both_ways(chats: Chats, asha: ScriptedPerson) -> None:
    asha.block()
    asha.block()
    asha.say("can you hear me")
    assert [next(iter(each)) for each in updates(chats)] == ["my_chat_member"]
    asha.unblock()
    asha.say("now")
    assert [next(iter(each)) for each in updates(chats)] == ["my_chat_member", "my_chat_member", "message"]


@pytest.mark.parametrize("text", ["", " \n", "x" * 4097])
async def test_what_a_phone_would_not_send_is_not_sent(chats: Chats, asha: ScriptedPerson, text: str) -> None:
    with pytest.raises(PersonError, match="1 to 4096"):
        asha.say(text)
    assert updates(chats) == []


async def test_updates_pile_up_while_no_bot_listens(chats: Chats, asha: ScriptedPerson, loop: VirtualLoop) -> None:
    for number in range(5):
        asha.say(str(number))
        await asyncio.sleep(60)
    assert [each["message"]["text"] for each in updates(chats)] == list("01234")
    loop.shift(timedelta(hours=24).total_seconds() - 200)
    assert [each["message"]["text"] for each in updates(chats)] == list("234"), "a day is as long as Telegram keeps them"
