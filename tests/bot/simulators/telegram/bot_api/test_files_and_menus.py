"""Files, menus, groups, webhooks and the bot's profile, through python-telegram-bot over loopback."""

import asyncio

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InputMediaPhoto,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, Conflict, Forbidden

from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.chat.chats import Chats
from tests.bot.simulators.telegram.bot_api.test_api import ASHA, CONFIRM
from tests.bot.simulators.telegram.chat.test_pictures import png


async def test_a_picture_with_its_caption_and_its_next_version(bot: Bot, asha: ScriptedPerson) -> None:
    sent = await bot.send_photo(
        ASHA, png(640, 320), caption="<b>Net +3,412.70</b>", parse_mode=ParseMode.HTML, filename="day.png"
    )
    assert [(each.width, each.height) for each in sent.photo] == [(640, 320)]
    seen = asha.last
    assert (seen["text"], seen["html"]) == ("Net +3,412.70", "<b>Net +3,412.70</b>")
    assert seen["photo_url"].startswith("/person/file/")

    await bot.edit_message_caption(ASHA, sent.message_id, caption="Net +3,500.00", reply_markup=CONFIRM)
    await bot.edit_message_media(InputMediaPhoto(png(10, 10), caption="smaller"), ASHA, sent.message_id)
    assert (asha.last["text"], asha.last["buttons"]) == ("smaller", [])
    assert asha.last["photo_url"] != seen["photo_url"]
    with pytest.raises(BadRequest, match="here is no text in the message to edit"):
        await bot.edit_message_text("x", ASHA, sent.message_id)
    text = await bot.send_message(ASHA, "text")
    with pytest.raises(BadRequest, match="here is no caption in the message to edit"):
        await bot.edit_message_caption(ASHA, text.message_id, caption="x")
    with pytest.raises(BadRequest, match="aption is too long"):
        await bot.send_photo(ASHA, png(10, 10), caption="x" * 1025)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no picture", "image_process_failed"), (png(2_100, 100), "photo_invalid_dimensions"), (b"", "file must be non-empty")],
)
async def test_pictures_that_telegram_refuses(bot: Bot, asha: ScriptedPerson, content: bytes, words: str) -> None:
    with pytest.raises(BadRequest, match=f"(?i){words}"):
        await bot.send_photo(ASHA, content)
    assert asha.history() == []


async def test_a_document_goes_out_and_its_bytes_come_back(bot: Bot, asha: ScriptedPerson) -> None:
    content = "date,net\n20 Nov,3412.70 ₹\n".encode()
    sent = await bot.send_document(ASHA, content, filename="pnl nov.csv", caption="P&L")
    assert sent.document is not None
    assert asha.last["document"]["name"] == sent.document.file_name == "pnl nov.csv"
    again = await bot.send_document(ASHA, sent.document.file_id)
    assert again.document is not None
    file = await bot.get_file(again.document.file_id)
    assert bytes(await file.download_as_bytearray()) == content
    with pytest.raises(BadRequest, match="nvalid file_id"):
        await bot.get_file("nonsense")
    with pytest.raises(BadRequest, match="an't use file of type document as photo"):
        await bot.send_photo(ASHA, sent.document.file_id)


async def test_a_persons_document_can_be_fetched(bot: Bot, asha: ScriptedPerson) -> None:
    asha.send_file("holdings.csv", b"a,b", caption="here")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    assert update.message.caption == "here"
    file = await update.message.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"a,b"


async def test_the_menu_of_the_narrowest_scope_is_shown(bot: Bot, asha: ScriptedPerson, chats: Chats) -> None:
    viewer = chats.person(5000, started=True)
    events = asha.events()
    await bot.set_my_commands([BotCommand("start", "Begin")])
    assert (await anext(events))["commands"] == [{"command": "start", "description": "Begin"}]
    await bot.set_my_commands([BotCommand("orders", "Orders")], scope=BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([BotCommand("kill", "Stop trading")], scope=BotCommandScopeChat(ASHA))
    assert [each["command"] for each in asha.menu()] == ["kill"]
    assert [each["command"] for each in viewer.menu()] == ["orders"]
    assert [each.command for each in await bot.get_my_commands(scope=BotCommandScopeChat(ASHA))] == ["kill"]
    await bot.delete_my_commands(scope=BotCommandScopeChat(ASHA))
    assert [each["command"] for each in asha.menu()] == ["orders"]


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([("start", "x")] * 101, "bot_commands_too_much"),
        ([("Start", "x")], "bot_command_invalid"),
        ([("a" * 33, "x")], "bot_command_invalid"),
        ([("cancel-order", "x")], "bot_command_invalid"),
        ([("start", "x" * 257)], "bot_command_description_invalid"),
        ([("start", " ")], "bot_command_description_invalid"),
    ],
)
async def test_menus_that_telegram_refuses(bot: Bot, commands: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(BadRequest, match=f"(?i){words}"):
        await bot.set_my_commands(commands)
    assert await bot.get_my_commands() == ()


async def test_a_bot_does_not_write_first_nor_to_whom_blocked_it(bot: Bot, chats: Chats) -> None:
    stranger = ScriptedPerson(chats, 77)
    for chat_id in (77, 78):
        with pytest.raises(BadRequest, match="hat not found"):
            await bot.send_message(chat_id, "hello")
    stranger.say("/start")
    await bot.send_message(77, "hello")
    stranger.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(77, "are you there?")
    stranger.unblock()
    await bot.send_message(77, "welcome back")
    assert [each["text"] for each in stranger.history()] == ["/start", "hello", "welcome back"]
    kinds = [each.my_chat_member.new_chat_member.status for each in await bot.get_updates() if each.my_chat_member]
    assert kinds == ["kicked", "member"]


async def test_a_group_can_be_left(bot: Bot, asha: ScriptedPerson, chats: Chats) -> None:
    group = chats.group("Tips club", [asha])
    asha.say("/positions", chat=group)
    asha.say("/positions", chat=chats.group("Tips", [asha], kind="channel"))
    updates = await bot.get_updates()
    assert [each.effective_chat and each.effective_chat.type for each in updates] == ["group", "group", "channel", "channel"]
    assert updates[1].message is not None
    assert updates[3].channel_post is not None
    assert (await bot.get_chat(group.id)).title == "Tips club"
    assert await bot.leave_chat(group.id)
    with pytest.raises(Forbidden, match="bot is not a member of the group chat"):
        await bot.send_message(group.id, "hello")
    with pytest.raises(BadRequest, match="private chats"):
        await bot.leave_chat(ASHA)


async def test_webhook_and_polling_exclude_each_other(bot: Bot, asha: ScriptedPerson) -> None:
    for bad in ("http://x.in/hook", "https://x.in:9000/hook"):
        with pytest.raises(BadRequest, match="ad webhook"):
            await bot.set_webhook(bad)
    with pytest.raises(BadRequest, match="ecret token contains unallowed characters"):
        await bot.set_webhook("https://x.in/hook", secret_token="a b")
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(1)
    await bot.set_webhook("https://x.in:8443/hook", secret_token="s-1")
    with pytest.raises(Conflict, match="terminated by setWebhook"):
        await poll
    asha.say("hello")
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("https://x.in:8443/hook", 1)
    with pytest.raises(Conflict, match="an't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()


async def test_the_bots_profile(bot: Bot) -> None:
    assert (await bot.get_my_name()).name == "mStock"
    await bot.set_my_name("Paper")
    await bot.set_my_description("Trades")
    await bot.set_my_short_description("T")
    assert (await bot.get_my_name()).name == "Paper"
    assert (await bot.get_my_description()).description == "Trades"
    assert (await bot.get_my_short_description()).short_description == "T"
