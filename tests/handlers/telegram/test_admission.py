"""The guard takes plain words and taps of known people in their own private chat, and nothing else that Telegram can send."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from handlers.telegram.admission import Allowance, Verdict, is_kill, judge

ASHA, STRANGER = 4211, 666
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def known(person: int) -> bool:
    return person == ASHA


def a_user(person: int = ASHA, **more: Any) -> dict[str, Any]:
    return {"id": person, "is_bot": False, "first_name": "Asha", **more}


def a_chat(person: int = ASHA, kind: str = "private") -> dict[str, Any]:
    return {"id": person, "type": kind, **({"title": "Club"} if kind != "private" else {})}


def a_message(person: int = ASHA, **more: Any) -> dict[str, Any]:
    return {
        "message_id": 7,
        "date": 1790000000,
        "chat": a_chat(person),
        "from": a_user(person),
        "text": "/buy RELIANCE 10",
    } | more


def a_tap(person: int = ASHA, *, data: str = "c:TOKEN:y", message: dict[str, Any] | None = None) -> dict[str, Any]:
    under = message or a_message(person, **{"from": a_user(99, is_bot=True)})
    return {"id": "q", "from": a_user(person), "chat_instance": "1", "data": data, "message": under}


def verdict(**update: Any) -> Verdict:
    return judge(update, known).verdict


def test_a_known_persons_words_and_taps_are_taken() -> None:
    assert judge({"message": a_message()}, known).user_id == ASHA
    assert verdict(message=a_message()) is Verdict.TAKE
    assert verdict(callback_query=a_tap()) is Verdict.TAKE


def test_a_stranger_gets_silence_whatever_is_sent() -> None:
    for update in (
        {"message": a_message(STRANGER)},
        {"message": a_message(STRANGER, text="/start")},
        {"edited_message": a_message(STRANGER)},
        {"callback_query": a_tap(STRANGER)},
        {"message": a_message(STRANGER, text=None, photo=[])},
    ):
        assert verdict(**update) is Verdict.DROP


def test_a_stranger_who_borrows_a_known_name_is_still_a_stranger() -> None:
    assert verdict(message=a_message(STRANGER, **{"from": a_user(STRANGER, username="asha", first_name="Asha")})) is Verdict.DROP


def test_an_edited_message_is_answered_and_not_read() -> None:
    judged = judge({"edited_message": a_message(edit_date=1790000005)}, known)
    assert (judged.verdict, judged.say) == (Verdict.TELL, "I don't read edits, send it again.")


FORWARD = {"type": "user", "date": 1790000000, "sender_user": a_user(5)}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"forward_origin": FORWARD}, Verdict.TELL),
        ({"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "x"}}, Verdict.TELL),
        ({"via_bot": a_user(77, is_bot=True)}, Verdict.DROP),
        ({"sender_chat": a_chat(-100, "channel")}, Verdict.DROP),
        ({"edit_date": 1790000001}, Verdict.DROP),
        ({"business_connection_id": "b1"}, Verdict.DROP),
        ({"sender_business_bot": a_user(77, is_bot=True)}, Verdict.DROP),
        ({"is_automatic_forward": True}, Verdict.DROP),
        ({"from": None}, Verdict.DROP),
        ({"from": a_user(ASHA, is_bot=True)}, Verdict.DROP),
        ({"chat": a_chat(-5, "group")}, Verdict.DROP),
        ({"chat": a_chat(-5, "supergroup")}, Verdict.DROP),
        ({"chat": a_chat(-5, "channel")}, Verdict.DROP),
        ({"chat": a_chat(STRANGER)}, Verdict.DROP),
        ({"text": None, "sticker": None}, Verdict.TELL),
        ({"text": "x" * 2000}, Verdict.TELL),
    ],
)
def test_every_shape_but_the_plain_one_is_refused(more: dict[str, Any], expected: Verdict) -> None:
    assert verdict(message={key: value for key, value in a_message(**more).items() if value is not None}) is expected


def test_what_no_private_person_sends_is_dropped() -> None:
    for kind in ("channel_post", "edited_channel_post", "business_message", "edited_business_message"):
        assert verdict(**{kind: a_message()}) is Verdict.DROP
    assert verdict() is Verdict.DROP
    inline = {"id": "1", "from": a_user(), "query": "buy", "offset": ""}
    assert verdict(inline_query=inline) is Verdict.DROP


def test_a_tap_counts_only_under_a_message_in_the_persons_own_chat() -> None:
    assert verdict(callback_query=a_tap(message=a_message(ASHA, chat=a_chat(-5, "group")))) is Verdict.DROP
    assert verdict(callback_query=a_tap(message=a_message(STRANGER))) is Verdict.DROP
    bare = {key: value for key, value in a_tap().items() if key != "message"} | {"inline_message_id": "i"}
    assert verdict(callback_query=bare) is Verdict.DROP
    old = {"message_id": 7, "date": 0, "chat": a_chat()}
    assert verdict(callback_query=a_tap(message=old)) is Verdict.TAKE


def member(status: str, kind: str) -> dict[str, Any]:
    bot = a_user(99, is_bot=True)
    return {
        "chat": a_chat(-5 if kind != "private" else ASHA, kind),
        "from": a_user(STRANGER),
        "date": 1790000000,
        "old_chat_member": {"user": bot, "status": "left"},
        "new_chat_member": {"user": bot, "status": status, **({"until_date": 0} if status == "kicked" else {})},
    }


def test_a_group_that_takes_the_bot_in_is_left_again() -> None:
    assert verdict(my_chat_member=member("member", "group")) is Verdict.LEAVE
    assert verdict(my_chat_member=member("member", "supergroup")) is Verdict.LEAVE
    assert verdict(my_chat_member=member("left", "group")) is Verdict.DROP
    assert verdict(my_chat_member=member("kicked", "private")) is Verdict.DROP


@given(
    person=st.sampled_from([ASHA, STRANGER]),
    chat=st.sampled_from([ASHA, STRANGER, -5]),
    kind=st.sampled_from(["private", "group", "supergroup", "channel"]),
    key=st.sampled_from(["message", "edited_message", "channel_post", "business_message", "callback_query"]),
    marks=st.sets(st.sampled_from(["forward_origin", "via_bot", "sender_chat", "edit_date", "business_connection_id"])),
)
def test_only_the_plain_private_shape_of_a_known_person_is_ever_taken(
    person: int, chat: int, kind: str, key: str, marks: set[str]
) -> None:
    worth = {
        "forward_origin": FORWARD,
        "via_bot": a_user(77, is_bot=True),
        "sender_chat": a_chat(-9, "channel"),
        "edit_date": 1790000001,
        "business_connection_id": "b",
    }
    body = a_message(person, chat=a_chat(chat, kind), **{mark: worth[mark] for mark in marks})
    update = {key: a_tap(person, message=body)} if key == "callback_query" else {key: body}
    if verdict(**update) is Verdict.TAKE:
        assert person == chat == ASHA
        assert kind == "private"
        assert key == "callback_query" or (key == "message" and not marks)
        read = Update.de_json({"update_id": 1, **update}, None)
        assert read.effective_user is not None
        assert read.effective_chat is not None
        assert read.effective_user.id == read.effective_chat.id == ASHA, "the library reads what the guard saw"


FIELDS = st.sampled_from(
    ["message", "edited_message", "callback_query", "my_chat_member", "new_chat_member", "chat", "from", "id", "type", "is_bot",
     "text", "data", "status", "forward_origin"]
)  # fmt: skip
VALUES = st.sampled_from([None, True, False, 0, ASHA, 0.5, "", "private", "group", "member", "/kill", "/start " + "a" * 26])


@given(st.dictionaries(FIELDS, st.recursive(VALUES, lambda part: st.lists(part) | st.dictionaries(FIELDS, part)), max_size=3))
def test_whatever_json_comes_is_judged_and_nobody_is_taken_for_somebody(update: dict[str, Any]) -> None:
    assert judge(update, lambda _: True).verdict is not Verdict.TAKE or judge(update, known).user_id == ASHA


@pytest.mark.parametrize(
    "text",
    [
        "/kill", "kill", " KILL ", "/kill@our_bot", "papa: kill", "papa:/kill",
        "kill!", "KILL!!! 😱", "🆘 kill", "kill it", "kill all trading now.", "papa: kill!!",
    ],
)  # fmt: skip
def test_the_kill_switch_is_recognised_in_every_dress(text: str) -> None:
    assert is_kill(text)
    assert judge({"message": a_message(text=text)}, known).urgent


@pytest.mark.parametrize("text", ["/killer", "skill", "/buy kill 10", "kill-9", "kill; buy itc 1", "dont kill"])
def test_other_words_are_not_the_kill_switch(text: str) -> None:
    assert not is_kill(text)


def test_too_many_messages_are_refused_until_time_has_passed() -> None:
    allowance = Allowance(most=3, within=10.0)
    assert [allowance.takes(ASHA, 100.0) for _ in range(5)] == [True, True, True, False, False]
    assert allowance.takes(STRANGER, 100.0), "one person's flood is not another's"
    assert [allowance.tells(ASHA, 100.0), allowance.tells(ASHA, 100.0)] == [True, False], "it is said once, not for each"
    assert allowance.takes(ASHA, 110.0)


def test_the_allowance_forgets_people_it_has_not_seen_for_long() -> None:
    allowance = Allowance(most=1, people=2)
    for person in range(100):
        assert allowance.takes(person, 100.0)
    assert len(allowance._seen) == 2
