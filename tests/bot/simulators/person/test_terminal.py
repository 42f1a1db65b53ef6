"""The chat at a keyboard, typed at and through pipes."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telegram import Bot, CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, Update

from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.person.terminal import HELP, Terminal, lines_of
from bot.simulators.telegram.bot_api.server import Serving
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.chat.messages import Json
from tests.bot.simulators.telegram.chat.test_pictures import png

CARD = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("Confirm", callback_data="y")],
        [InlineKeyboardButton("Change", callback_data="c"), InlineKeyboardButton("Discard", callback_data="n")],
    ]
)
COPY = InlineKeyboardMarkup([[InlineKeyboardButton("Copy", copy_text=CopyTextButton("ID9"))]])


async def parrot(bot: Bot, seen: list[Update]) -> None:
    """A bot that draws a card for every text and makes a tap its answer."""
    offset = 0
    while True:
        for update in await bot.get_updates(offset=offset, timeout=10):
            offset = update.update_id + 1
            seen.append(update)
            if update.message:
                await asyncio.sleep(2)
                await bot.send_message(update.message.chat_id, f"You said {update.message.text}", reply_markup=CARD)
            if update.callback_query:
                await update.callback_query.answer("Sending…")
                await update.callback_query.edit_message_text(f"Done: {update.callback_query.data}")


@pytest.fixture
async def seen(bot: Bot) -> AsyncIterator[list[Update]]:
    """The updates that the bot got, while it answers them."""
    updates: list[Update] = []
    talking = asyncio.create_task(parrot(bot, updates))
    yield updates
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)


async def typed(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line + "\n"


async def talk(asha: ScriptedPerson, *lines: str) -> list[str]:
    out: list[str] = []
    await Terminal(asha, out.append, paced=True).run(typed(*lines))
    assert out.pop(0) == HELP
    return out


async def test_a_card_comes_with_numbered_buttons_and_a_number_taps(asha: ScriptedPerson, seen: list[Update]) -> None:
    out = await talk(asha, "/buy", "3")
    assert out == [
        "-- mStock 09:00:02 · 2\nYou said /buy\n  [1] Confirm\n  [2] Change  [3] Discard",
        "· Sending…",
        "-- mStock 09:00:02 · 2 (edited)\nDone: n",
    ]
    assert [update.callback_query.data for update in seen if update.callback_query] == ["n"]


async def test_an_older_card_is_tapped_by_its_own_number(asha: ScriptedPerson, seen: list[Update]) -> None:
    out = await talk(asha, "one", "two", "2.1")
    assert out[-1].startswith("-- mStock 09:00:02 · 2 (edited)\nDone: y")
    assert len(seen) == 3


async def test_figures_that_name_no_button_are_words(asha: ScriptedPerson, seen: list[Update]) -> None:
    await talk(asha, "12", "4", "\\1", "2905.5", "492039")
    assert [update.message.text for update in seen if update.message] == ["12", "4", "1", "2905.5", "492039"]


async def test_replies_edits_and_deletions_by_hand(asha: ScriptedPerson, seen: list[Update], chats: Chats) -> None:
    out = await talk(asha, "hello", ":reply sl 2880", ":reply 2 half", ":edit quarter", ":delete 2", ":reply 99 x", ":delete")
    texts = [
        (update.message.text, update.message.reply_to_message.text if update.message.reply_to_message else None)
        for update in seen
        if update.message
    ]
    assert texts == [("hello", None), ("sl 2880", "You said hello"), ("half", "You said hello")]
    assert [update.edited_message.text for update in seen if update.edited_message] == ["quarter"]
    assert "· message 2 was deleted" in out
    assert "! there is no message 99" in out
    assert [each["text"] for each in asha.history() if not each["from_bot"]] == ["hello", "sl 2880"]


async def test_menu_help_pictures_files_and_copies(asha: ScriptedPerson, bot: Bot) -> None:
    await bot.set_my_commands([("start", "Begin")])
    await bot.send_photo(4211, png(4, 4), caption="Net", disable_notification=True)
    await bot.send_document(4211, b"x", filename="x.csv")
    await bot.send_message(
        4211,
        "#12",
        reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("Copy", api_kwargs={"copy_text": {"text": "ID9"}})]]),
    )
    out: list[str] = []
    await Terminal(asha, out.append).run(typed(":menu", ":help", "1", ":history", ":quit", "never said"))
    assert out[0].splitlines()[1:] == [f"[picture {asha.history()[0]['photo_url']}]", "Net"]
    assert "(silent)" in out[0]
    assert out[1].splitlines()[1].startswith("[file x.csv /person/file/")
    assert out[4:7] == ["/start  Begin", HELP, "· ID9"]
    assert out[7:] == out[:3]
    assert all(each["from_bot"] for each in asha.history())


async def test_a_reader_that_has_seen_enough_ends_the_talk_at_once(asha: ScriptedPerson, seen: list[Update]) -> None:
    def head(words: str) -> None:
        if words != HELP:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await Terminal(asha, head, paced=True).run(typed("one", "two", "three"))
    assert [update.message.text for update in seen if update.message] == ["one"]


@pytest.mark.asyncio(loop_factories=["real"])
async def test_through_pipes(asha: ScriptedPerson, chats: Chats, serving: Serving) -> None:
    """Lines go in by a real pipe, all at once, and each waits for the answer to the one before."""
    heard: list[Json] = []

    async def answer() -> None:
        offset = 0
        while True:
            for update in await chats.updates.poll(offset=offset, timeout=10):
                offset = update["update_id"] + 1
                heard.append(update)
                message = chats.new_message(
                    asha.private, chats.bot, text=f"answer {len(heard)}", rows=[[{"text": "Go", "callback_data": "g"}]]
                )
                chats.send(asha.private, message)

    talking = asyncio.create_task(answer())
    read_end, write_end = os.pipe()
    out: list[str] = []
    try:
        os.write(write_end, "/start ₹\n1\nlast line without an end".encode())
        os.close(write_end)
        await Terminal(asha, out.append, paced=True, quiet=0.05).run(lines_of(read_end))
    finally:
        os.close(read_end)
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
    assert [each["message"]["text"] if "message" in each else each["callback_query"]["data"] for each in heard] == [
        "/start ₹",
        "g",
        "last line without an end",
    ]
    assert [line.splitlines()[1] for line in out if line.startswith("--")] == ["answer 1", "answer 2", "answer 3"]


async def test_lines_come_from_a_plain_file_too(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("one\n₹ two\n\nthree", "utf-8")
    descriptor = os.open(script, os.O_RDONLY)
    try:
        assert [line async for line in lines_of(descriptor)] == ["one", "₹ two", "", "three"]
    finally:
        os.close(descriptor)
