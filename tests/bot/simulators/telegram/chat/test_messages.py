"""One message, two looks: Telegram's library reads what the wire says, and a page can show what a person sees."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from telegram import Message as LibraryMessage

from bot.simulators.telegram.chat.entities import finish
from bot.simulators.telegram.chat.markup import parse
from bot.simulators.telegram.chat.messages import Chat, File, Message, User, view, wire

BOT = User(id=7, name="mStock", username="b", is_bot=True)
ASHA = User(id=4211, name="Asha", username="asha")
NOON = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
PICTURE = File(id="F1", name="day.png", mime="image/png", content=b"12345", width=640, height=320)
REPORT = File(id="F2", name="pnl.csv", mime="text/csv", content=b"1")

BUTTONS = [
    [{"text": "Go", "callback_data": "g"}, {"text": "Copy", "copy_text": {"text": "c"}}],
    [{"text": "Web", "url": "https://x.in/"}],
]
WORDS = ["", "<b>BUY</b> 10 😀 <code>M&amp;M</code>", "plain", "<a href='https://x.in/'>x</a> /help"]


def written(words: str, **fields: Any) -> Message:
    text, found = finish(*parse(words))
    return Message(id=2, date=NOON, text=text, entities=found, **fields)


MESSAGES = st.builds(
    written,
    st.sampled_from(WORDS),
    sender=st.sampled_from([BOT, ASHA, None]),
    rows=st.sampled_from([[], BUTTONS]),
    keyboard=st.sampled_from([None, {"keyboard": [["/orders", {"text": "/funds"}]]}, {"remove_keyboard": True}]),
    reply_to=st.sampled_from([None, 1, 99]),
    photo=st.sampled_from([None, PICTURE]),
    document=st.sampled_from([None, REPORT]),
    preview=st.sampled_from([None, {"is_disabled": True}]),
    forwarded_from=st.sampled_from([None, User(id=5, name="Tips")]),
    edited=st.sampled_from([None, NOON]),
    silent=st.booleans(),
    protected=st.booleans(),
)


@given(MESSAGES)
def test_the_library_reads_every_message_and_a_page_can_show_it(message: Message) -> None:
    chat = Chat(id=4211, kind="private", title="Asha", members={4211: ASHA})
    chat.messages[1] = Message(id=1, sender=ASHA, date=NOON, text="before")
    read = LibraryMessage.de_json(json.loads(json.dumps(wire(chat, message))), None)
    assert read.date == NOON
    assert (read.caption if message.file else read.text) == (message.text or None)
    seen = (read.caption_entities if message.file else read.entities) if message.text else ()
    assert [(str(each.type), each.offset, each.length) for each in seen] == [
        (each["type"], each["offset"], each["length"]) for each in (message.entities if message.text else ())
    ]
    assert [each.file_id for each in read.photo] == (["F1"] if message.photo else [])
    assert (read.document.file_name if read.document else None) == ("pnl.csv" if message.document else None)
    assert (read.reply_to_message.text if read.reply_to_message else None) == ("before" if message.reply_to == 1 else None)
    assert (read.from_user.id if read.from_user else None) == (message.sender.id if message.sender else None)
    assert bool(read.has_protected_content) is message.protected
    assert (read.forward_origin is not None) == (message.forwarded_from is not None)
    labels = [[each.text for each in row] for row in read.reply_markup.inline_keyboard] if read.reply_markup else []
    assert labels == [[each["label"] for each in row] for row in view(message)["buttons"]]

    shown = json.loads(json.dumps(view(message)))
    assert (shown["from_bot"], shown["silent"], shown["edited"]) == (
        message.sender is BOT,
        message.silent,
        message.edited == NOON,
    )
    assert datetime.fromisoformat(shown["date"]) == NOON
    assert shown["photo_url"] == ("/person/file/F1" if message.photo else None)
    assert all(len(choice) == 2 for row in shown["buttons"] for choice in row), "a label and exactly one act"
