"""Messages, edits, buttons and taps, through python-telegram-bot over loopback, and each refusal of Telegram's."""

import asyncio
import html
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import (
    Bot,
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest

from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.bot_api.server import serve
from bot.simulators.telegram.chat.chats import Chats
from tests.bot.simulators.telegram.chat.test_markup import KEPT
from tests.stage.depth import examples
from tests.stage.loop import MORNING
from tests.stage.telegram import bot_for

ASHA = 4211


def buttons(*rows: list[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(rows)


def button(label: str, data: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=data)


CONFIRM = buttons([button("Confirm buy", "c:1:y")], [button("Discard", "c:1:n")])


async def test_the_bot_knows_its_name(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.is_bot, me.username, str(me.id)) == (True, "mstock_demo_bot", bot.token.partition(":")[0])


async def test_a_message_arrives_with_everything_that_was_said_about_it(bot: Bot, asha: ScriptedPerson) -> None:
    asked = asha.say("/buy RELIANCE 10")
    sent = await bot.send_message(
        ASHA,
        "<b>BUY 10 M&amp;M</b> 😀\n<code>1,480.30</code>",
        parse_mode=ParseMode.HTML,
        reply_markup=buttons([button("Confirm", "y")], [InlineKeyboardButton("Copy", copy_text=CopyTextButton("#12"))]),
        reply_parameters=ReplyParameters(asked["id"]),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        disable_notification=True,
        protect_content=True,
    )
    seen = asha.last
    assert seen["id"] == sent.message_id
    assert seen["text"] == sent.text == "BUY 10 M&M 😀\n1,480.30"
    assert seen["html"] == "<b>BUY 10 M&amp;M</b> 😀\n<code>1,480.30</code>"
    assert seen["buttons"] == [[{"label": "Confirm", "data": "y"}], [{"label": "Copy", "copy": "#12"}]]
    assert (seen["reply_to"], seen["silent"], seen["protected"], seen["edited"]) == (asked["id"], True, True, False)
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "/buy RELIANCE 10"
    assert [sent.parse_entity(each) for each in sent.entities] == ["BUY 10 M&M", "1,480.30"]
    assert sent.date == MORNING


async def test_the_same_message_becomes_the_card_and_changes_in_place(bot: Bot, asha: ScriptedPerson, loop: VirtualLoop) -> None:
    sent = await bot.send_message(ASHA, "BUY 10 RELIANCE", reply_markup=CONFIRM)
    loop.shift(5)
    edited = await bot.edit_message_text("<i>sending…</i>", ASHA, sent.message_id, parse_mode=ParseMode.HTML)
    assert isinstance(edited, Message)
    assert edited.edit_date == MORNING + timedelta(seconds=5)
    assert edited.date == MORNING
    (seen,) = asha.history()
    assert (seen["text"], seen["edited"], seen["buttons"]) == ("sending…", True, [])


async def test_buttons_change_alone_without_a_mark_of_editing(bot: Bot, asha: ScriptedPerson) -> None:
    sent = await bot.send_message(ASHA, "card", reply_markup=CONFIRM)
    await bot.edit_message_reply_markup(ASHA, sent.message_id, reply_markup=buttons([button("Refresh", "r")]))
    assert asha.last["buttons"] == [[{"label": "Refresh", "data": "r"}]]
    await bot.edit_message_reply_markup(ASHA, sent.message_id)
    assert (asha.last["buttons"], asha.last["edited"]) == ([], False)


NOT_MODIFIED = "is not modified: specified new message content and reply markup are exactly the same"


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot, asha: ScriptedPerson) -> None:
    sent = await bot.send_message(ASHA, "<b>a</b> &amp; b", parse_mode=ParseMode.HTML, reply_markup=CONFIRM)

    async def same(text: str, markup: InlineKeyboardMarkup | None) -> None:
        with pytest.raises(BadRequest, match=NOT_MODIFIED):
            await bot.edit_message_text(text, ASHA, sent.message_id, parse_mode=ParseMode.HTML, reply_markup=markup)

    await same("<b>a</b> &amp; b", CONFIRM)
    await same("<strong>a</strong> & b ", CONFIRM)
    with pytest.raises(BadRequest, match=NOT_MODIFIED):
        await bot.edit_message_reply_markup(ASHA, sent.message_id, reply_markup=CONFIRM)
    await bot.edit_message_text("<i>a</i> &amp; b", ASHA, sent.message_id, parse_mode=ParseMode.HTML, reply_markup=CONFIRM)
    await bot.edit_message_text("<i>a</i> &amp; b", ASHA, sent.message_id, parse_mode=ParseMode.HTML)
    await same("<i>a</i> &amp; b", None)
    assert asha.last["edited"]


async def test_what_is_gone_cannot_be_edited_deleted_pinned_or_answered(bot: Bot, asha: ScriptedPerson) -> None:
    sent = await bot.send_message(ASHA, "card")
    asha.remove(sent.message_id)
    with pytest.raises(BadRequest, match="essage to edit not found"):
        await bot.edit_message_text("x", ASHA, sent.message_id)
    with pytest.raises(BadRequest, match="essage to delete not found"):
        await bot.delete_message(ASHA, sent.message_id)
    with pytest.raises(BadRequest, match="essage to pin not found"):
        await bot.pin_chat_message(ASHA, sent.message_id)
    with pytest.raises(BadRequest, match="essage to be replied not found"):
        await bot.send_message(ASHA, "y", reply_parameters=ReplyParameters(sent.message_id))
    anyway = ReplyParameters(sent.message_id, allow_sending_without_reply=True)
    assert (await bot.send_message(ASHA, "z", reply_parameters=anyway)).reply_to_message is None
    assert [each["text"] for each in asha.history()] == ["z"]


async def test_a_persons_words_can_be_deleted_but_not_edited_by_the_bot(bot: Bot, asha: ScriptedPerson) -> None:
    secret = asha.say("492039")
    with pytest.raises(BadRequest, match="essage can't be edited"):
        await bot.edit_message_text("x", ASHA, secret["id"])
    assert await bot.delete_message(ASHA, secret["id"])
    assert asha.history() == []


async def test_a_message_older_than_two_days_stays(bot: Bot, asha: ScriptedPerson, loop: VirtualLoop) -> None:
    sent = await bot.send_message(ASHA, "old")
    loop.shift(48 * 3600 + 1)
    with pytest.raises(BadRequest, match="can't be deleted for everyone"):
        await bot.delete_message(ASHA, sent.message_id)
    assert asha.last["text"] == "old"


async def test_several_messages_go_at_once_and_missing_ones_do_not_matter(bot: Bot, asha: ScriptedPerson) -> None:
    ids = [(await bot.send_message(ASHA, text)).message_id for text in "abc"]
    assert await bot.delete_messages(ASHA, [ids[0], ids[2], 999])
    assert [each["text"] for each in asha.history()] == ["b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("P&L <b>+5", "an't parse entities: can't find end tag corresponding to start tag \"b\""),
        ("a <reliance>", "an't parse entities: unsupported start tag \"reliance\" at byte offset 2"),
        ("<b>\n </b> ", "essage text is empty"),
        ("x" * 4097, "essage is too long"),
        ("😀" * 2049, "essage is too long"),
    ],
)  # fmt: skip
async def test_texts_that_telegram_refuses(bot: Bot, asha: ScriptedPerson, text: str, words: str) -> None:
    sent = await bot.send_message(ASHA, "before")
    with pytest.raises(BadRequest, match=f"(?i){words}"):
        await bot.send_message(ASHA, text, parse_mode=ParseMode.HTML)
    with pytest.raises(BadRequest, match=f"(?i){words}"):
        await bot.edit_message_text(text, ASHA, sent.message_id, parse_mode=ParseMode.HTML)
    assert [each["text"] for each in asha.history()] == ["before"]


async def test_the_length_counts_after_parsing(bot: Bot, asha: ScriptedPerson) -> None:
    await bot.send_message(ASHA, "<b>" + "&amp;" * 4096 + "</b>", parse_mode=ParseMode.HTML)
    assert asha.last["text"] == "&" * 4096


async def test_other_parse_modes_are_not_spoken_here(bot: Bot, asha: ScriptedPerson) -> None:
    with pytest.raises(BadRequest, match="nsupported parse_mode"):
        await bot.send_message(ASHA, "*x*", parse_mode=ParseMode.MARKDOWN_V2)
    assert asha.history() == []


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (buttons([button("x", "d" * 65)]), "utton_data_invalid"),
        (buttons([button("x", "₹" * 22)]), "utton_data_invalid"),
        (buttons([InlineKeyboardButton("x")]), "ext buttons are unallowed in the inline keyboard"),
        (buttons([button(" ", "d")]), "utton text must be non-empty"),
        (buttons([InlineKeyboardButton("x", copy_text=CopyTextButton("c" * 257))]), "utton_copy_text_invalid"),
        (buttons([InlineKeyboardButton("x", url="http://localhost:8080/")]), "rong http url"),
        (buttons([InlineKeyboardButton("x", url="ftp://x.in/")]), "nsupported url protocol"),
        (buttons(*([button(str(each), "d")] for each in range(101))), "eply_markup_too_long"),
    ],
)  # fmt: skip
async def test_buttons_that_telegram_refuses(bot: Bot, asha: ScriptedPerson, markup: InlineKeyboardMarkup, words: str) -> None:
    sent = await bot.send_message(ASHA, "before")
    for attempt in (
        bot.send_message(ASHA, "card", reply_markup=markup),
        bot.edit_message_text("card", ASHA, sent.message_id, reply_markup=markup),
        bot.edit_message_reply_markup(ASHA, sent.message_id, reply_markup=markup),
    ):
        with pytest.raises(BadRequest, match=f"(?i){words}"):
            await attempt
    assert [(each["text"], each["buttons"]) for each in asha.history()] == [("before", [])]


async def test_callback_data_of_64_bytes_passes(bot: Bot, asha: ScriptedPerson) -> None:
    await bot.send_message(ASHA, "card", reply_markup=buttons([button("x", "₹" * 21 + "d")]))
    assert asha.last["buttons"][0][0]["data"] == "₹" * 21 + "d"


async def test_reply_keyboards_are_shown_but_never_part_of_an_edit(bot: Bot, asha: ScriptedPerson) -> None:
    await bot.send_message(ASHA, "choose", reply_markup=ReplyKeyboardMarkup([["/orders", "/positions"]]))
    assert asha.last["keyboard"] == [["/orders", "/positions"]]
    sent = await bot.send_message(ASHA, "code?", reply_markup=ForceReply())
    with pytest.raises(BadRequest, match="nline keyboard expected"):
        await bot.edit_message_reply_markup(ASHA, sent.message_id, reply_markup=ForceReply())  # type: ignore[arg-type]  # the mistake itself


async def test_a_tap_is_answered_once_it_is_heard(bot: Bot, asha: ScriptedPerson) -> None:
    sent = await bot.send_message(ASHA, "card", reply_markup=CONFIRM)
    query_id = asha.press("Confirm buy")
    (update,) = await bot.get_updates(timeout=10)
    query = update.callback_query
    assert query is not None
    assert (query.id, query.data, query.from_user.id) == (query_id, "c:1:y", ASHA)
    assert isinstance(query.message, Message)
    assert (query.message.message_id, query.message.text) == (sent.message_id, "card")
    await query.answer("Sending…", show_alert=True)
    note = await asha.wait_for_note(query_id)
    assert (note["text"], note["alert"], note["message_id"]) == ("Sending…", True, sent.message_id)


async def test_late_unknown_and_wordy_answers_to_a_tap_are_refused(bot: Bot, asha: ScriptedPerson, loop: VirtualLoop) -> None:
    await bot.send_message(ASHA, "card", reply_markup=CONFIRM)
    query_id = asha.press("Confirm buy")
    with pytest.raises(BadRequest, match=r"(?i)message_too_long"):
        await bot.answer_callback_query(query_id, "x" * 201)
    loop.shift(61)
    for unknown in (query_id, "12345"):
        with pytest.raises(BadRequest, match="uery is too old and response timeout expired or query id is invalid"):
            await bot.answer_callback_query(unknown, "x")
    assert asha.notes() == []


async def test_a_tap_on_a_message_that_is_gone_still_reaches_the_bot(bot: Bot, asha: ScriptedPerson) -> None:
    sent = await bot.send_message(ASHA, "card", reply_markup=CONFIRM)
    await bot.delete_message(ASHA, sent.message_id)
    asha.forge(sent.message_id, "c:1:y")
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.message is not None
    assert not update.callback_query.message.is_accessible


async def test_chat_actions(bot: Bot, asha: ScriptedPerson) -> None:
    events = asha.events()
    assert await bot.send_chat_action(ASHA, ChatAction.TYPING)
    assert await anext(events) == {"type": "action", "action": "typing"}
    with pytest.raises(BadRequest, match="rong parameter action in request"):
        await bot.send_chat_action(ASHA, "dancing")


WORDS = st.text(st.one_of(KEPT, st.sampled_from("<>&\"'/;#\n ")), max_size=120)


@pytest.mark.exhaustive
@settings(max_examples=examples(25), deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12))
def test_any_escaped_text_arrives_as_it_was_and_only_an_empty_one_is_refused(words: list[str]) -> None:
    async def story(loop: VirtualLoop) -> None:
        chats = Chats(LoopClock(loop, MORNING))
        person = ScriptedPerson(chats, ASHA, started=True)
        async with serve(chats) as serving, bot_for(serving) as bot:
            for each in words:
                if each.strip(" \n"):
                    sent = await bot.send_message(ASHA, html.escape(each), parse_mode=ParseMode.HTML)
                    assert sent.text == person.last["text"] == each.strip(" \n")
                else:
                    with pytest.raises(BadRequest, match="essage text is empty"):
                        await bot.send_message(ASHA, html.escape(each), parse_mode=ParseMode.HTML)

    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(story(loop))
