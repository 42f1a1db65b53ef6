"""A chat that is taken up again after its process ended."""

import asyncio
from pathlib import Path

from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.bot_api.server import serve
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.chat.messages import State
from bot.simulators.telegram.chat.persistence import MOST_MESSAGES, SOON, keeping, load, save
from tests.bot.simulators.telegram.chat.test_pictures import png
from tests.stage.telegram import bot_for

ASHA = 4211


async def test_the_phone_shows_the_same_chat_after_a_restart_and_the_bot_gets_what_waited(
    clock: LoopClock, tmp_path: Path
) -> None:
    path = tmp_path / "chat.json"
    chats = Chats(clock)
    asha = ScriptedPerson(chats, ASHA, name="Asha")
    async with keeping(chats, path), serve(chats) as serving, bot_for(serving) as bot:
        said = asha.say("/start")
        await bot.get_updates()
        await bot.send_message(
            ASHA, "<b>Hello</b> 😀", parse_mode="HTML", reply_to_message_id=said["id"], disable_notification=True
        )
        await bot.send_photo(ASHA, png(4, 4), caption="Net")
        await bot.edit_message_caption(ASHA, asha.last["id"], caption="Net 2")
        await bot.set_my_commands([("start", "Begin")])
        asha.remove(asha.say("gone")["id"])
        chats.group("Club", [asha])

    again = Chats(clock, state=load(path))
    back = ScriptedPerson(again, ASHA)
    assert back.history() == asha.history()
    assert back.menu() == [{"command": "start", "description": "Begin"}]
    assert again.updates.pending == chats.updates.pending != []
    last = back.last["id"]
    async with serve(again) as serving, bot_for(serving) as bot:
        await bot.edit_message_caption(ASHA, last, caption="Net 3")
        assert (await bot.send_message(ASHA, "and on")).message_id > last
        file = await bot.get_file(next(iter(again.state.files)))
        assert bytes(await file.download_as_bytearray()) == png(4, 4)
    back.edit(said["id"], "/start again")
    assert again.updates.pending[-1]["update_id"] > chats.updates.pending[-1]["update_id"]
    assert [each["text"] for each in back.history()] == ["/start again", "Hello 😀", "Net 3", "and on"]


async def test_changes_are_written_soon_and_not_one_by_one(clock: LoopClock, tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    chats = Chats(clock)
    asha = ScriptedPerson(chats, ASHA)
    async with keeping(chats, path):
        await asyncio.sleep(1)
        assert not path.exists(), "nothing happened yet"
        asha.say("one")
        asha.say("two")
        await asyncio.sleep(SOON * 2)
        kept = load(path)
        assert [each.text for each in kept.chats[ASHA].messages.values()] == ["one", "two"]


def test_what_cannot_be_read_begins_anew(tmp_path: Path) -> None:
    assert load(tmp_path / "none") == State()
    broken = tmp_path / "chat.json"
    broken.write_text('{"chats": {"4211"')
    assert load(broken) == State()


async def test_a_long_chat_keeps_its_newest_part(clock: LoopClock, tmp_path: Path) -> None:
    chats = Chats(clock)
    asha = ScriptedPerson(chats, ASHA)
    for number in range(MOST_MESSAGES + 10):
        asha.say(str(number))
    save(chats.state, tmp_path / "chat.json")
    kept = [each.text for each in load(tmp_path / "chat.json").chats[ASHA].messages.values()]
    assert (len(kept), kept[0]) == (MOST_MESSAGES, "10")
    assert len(asha.history()) == MOST_MESSAGES + 10, "what runs is left as it is"
