"""The parameters of a call: whatever arrives is understood or refused in words, never stumbled over."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.bot_api.api import BotApi
from bot.simulators.telegram.bot_api.calls import Call, Upload
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.errors import ApiError
from tests.stage.depth import examples
from tests.stage.loop import MORNING

ASHA = 4211


SPELLINGS: list[tuple[Any, bool]] = [
    *((said, True) for said in ("true", "True", "1", "yes", True)),
    *((said, False) for said in ("false", "", "2", None, False, 0)),
]


@pytest.mark.parametrize(("said", "meant"), SPELLINGS)
def test_booleans_in_every_spelling(said: Any, meant: bool) -> None:
    assert Call(method="x", params={"flag": said}).truth("flag") is meant


def test_numbers_that_are_none_take_the_default() -> None:
    call = Call(method="x", params={"a": "7", "b": 8, "c": "seven", "d": None})
    assert [call.number(name, 5) for name in "abcde"] == [7, 8, 5, 5, 5]


def test_a_reply_is_named_in_the_old_way_or_the_new() -> None:
    assert Call(method="x").reply_to() == (None, False)
    assert Call(method="x", params={"reply_to_message_id": "5", "allow_sending_without_reply": "true"}).reply_to() == (5, True)
    assert Call(method="x", params={"reply_parameters": '{"message_id": 6}'}).reply_to() == (6, False)


def test_a_file_is_found_under_its_own_name_or_as_an_attachment() -> None:
    file = Upload(name="x.png", mime="image/png", content=b"x")
    call = Call(method="x", uploads={"photo": file})
    assert call.upload("photo") is call.upload("attach://photo") is file
    assert call.upload("document") is None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
BUTTONS = st.dictionaries(st.sampled_from(["text", "callback_data", "copy_text", "url"]), JSON)
SCOPES_AND_MEDIA = st.fixed_dictionaries(
    {"type": st.sampled_from(["default", "chat", "chat_member", "photo", "document"])},
    optional={"chat_id": JSON, "user_id": JSON, "media": JSON, "caption": JSON},
)
ENTITIES = st.fixed_dictionaries(
    {"type": st.sampled_from(["bold", "text_link", "pre"]), "offset": st.integers(-5, 20), "length": st.integers(-5, 20)},
    optional={"url": JSON},
)
SHAPES = st.one_of(
    JSON,
    st.fixed_dictionaries({"inline_keyboard": st.lists(st.lists(BUTTONS, max_size=3), max_size=3)}),
    st.fixed_dictionaries({"keyboard": JSON}),
    st.fixed_dictionaries({"message_id": JSON}),
    SCOPES_AND_MEDIA,
    st.lists(JSON, max_size=3),
    st.lists(ENTITIES, max_size=3),
    st.lists(st.fixed_dictionaries({"command": JSON, "description": JSON}), max_size=3),
)


PARAMETERS = {
    "getMe": "",
    "getUpdates": "offset limit allowed_updates",
    "sendMessage": "text parse_mode entities reply_markup reply_parameters reply_to_message_id link_preview_options",
    "sendPhoto": "photo caption caption_entities reply_markup disable_notification",
    "sendDocument": "document caption caption_entities parse_mode",
    "editMessageText": "message_id text parse_mode entities reply_markup",
    "editMessageCaption": "message_id caption caption_entities reply_markup",
    "editMessageMedia": "message_id media reply_markup",
    "editMessageReplyMarkup": "message_id reply_markup",
    "deleteMessage": "message_id",
    "deleteMessages": "message_ids",
    "pinChatMessage": "message_id disable_notification",
    "answerCallbackQuery": "callback_query_id text show_alert url",
    "sendChatAction": "action",
    "getFile": "file_id",
    "getChat": "",
    "leaveChat": "",
    "setMyCommands": "commands scope language_code",
    "deleteMyCommands": "scope language_code",
    "getMyCommands": "scope",
    "setWebhook": "url secret_token allowed_updates drop_pending_updates",
    "deleteWebhook": "drop_pending_updates",
    "getWebhookInfo": "",
    "setMyName": "name",
    "getMyName": "",
}


def parameters(method: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    names = PARAMETERS[method].split()
    plain = st.sampled_from(["x", "<b>x</b>", "https://x.in/", "typing", "HTML"])
    return st.tuples(st.just(method), st.fixed_dictionaries({}, optional=dict.fromkeys(names, st.one_of(plain, SHAPES))))


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([method for method, names in sorted(PARAMETERS.items()) for _ in (method, *names.split())]).flatmap(
        parameters
    ),
    st.sampled_from([ASHA, ASHA, ASHA, str(ASHA), "", "x", 1, None, []]),
    st.booleans(),
)
def test_whatever_is_asked_the_answer_is_a_result_or_a_refusal_in_telegrams_words(
    asked: tuple[str, dict[str, Any]], chat_id: Any, with_file: bool
) -> None:
    method, params = asked
    loop = VirtualLoop()

    async def story() -> None:
        chats = Chats(LoopClock(loop, MORNING))
        asha = ScriptedPerson(chats, ASHA)
        asha.say("hello")
        card = chats.send(asha.private, chats.new_message(asha.private, chats.bot, text="card"))
        for name, usual in (("message_id", card.id), ("text", "x"), ("action", "typing")):
            params.setdefault(name, usual)
        if method == "editMessageMedia" and isinstance(params.get("media"), dict):
            params["media"].setdefault("media", "attach://photo")
        uploads = {
            "photo": Upload(name="x", mime="y", content=b"GIF89a\1\0\1\0"),
            "document": Upload(name="x", mime="y", content=b"z"),
        }
        try:
            await BotApi(chats).call(
                Call(method=method, params={"chat_id": chat_id, **params}, uploads=uploads if with_file else {})
            )
        except ApiError as refusal:
            words = refusal.words
        else:
            words = "Bad Request: none"
        assert words.startswith(("Bad Request: ", "Conflict: "))
        assert asha.history(), "what is there can still be shown"
        assert len(chats.updates.pending) <= 1

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(story())
