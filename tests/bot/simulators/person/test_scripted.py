"""The scripted person: sees what is new since they acted, counts rings, and says clearly what they waited for in vain."""

import pytest

from bot.simulators.loop import VirtualLoop
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.chat.chats import Chats
from bot.simulators.telegram.chat.messages import Json, Message
from bot.simulators.telegram.errors import PersonError

CONFIRM = {"text": "Confirm buy", "callback_data": "c:1:y"}
REFRESH = {"text": "Refresh", "callback_data": "r"}


class Speaker:
    """The bot's mouth for these tests."""

    def __init__(self, chats: Chats, person: ScriptedPerson) -> None:
        self._chats = chats
        self._chat = person.private

    def say(self, text: str, *rows: list[Json], silent: bool = False) -> Message:
        message = self._chats.new_message(self._chat, self._chats.bot, text=text, rows=list(rows), silent=silent)
        return self._chats.send(self._chat, message)

    def edit(self, message: Message, text: str) -> None:
        message.text = text
        self._chats.touch(message)
        self._chats.amend(self._chat, message)


@pytest.fixture
async def speaker(chats: Chats, asha: ScriptedPerson) -> Speaker:
    return Speaker(chats, asha)


async def test_an_answer_must_be_newer_than_the_question(asha: ScriptedPerson, speaker: Speaker, loop: VirtualLoop) -> None:
    speaker.say("filled")
    asha.say("/orders")
    loop.call_later(3, speaker.say, "filled again")
    assert (await asha.wait_for("filled"))["text"] == "filled again"
    assert loop.time() == 3
    assert (await asha.wait_for(lambda message: "again" in message["text"]))["text"] == "filled again"


async def test_an_edit_counts_as_an_answer(asha: ScriptedPerson, speaker: Speaker, loop: VirtualLoop) -> None:
    card = speaker.say("BUY 10", [CONFIRM])
    loop.call_later(1, speaker.edit, card, "BUY 10 filled")
    assert (await asha.choose("Confirm buy", "filled"))["id"] == card.id
    assert [each["id"] for each in asha.news()] == [card.id]


async def test_waiting_in_vain_shows_the_conversation(asha: ScriptedPerson, speaker: Speaker, loop: VirtualLoop) -> None:
    speaker.say("BUY 10 RELIANCE", [CONFIRM])
    with pytest.raises(PersonError) as vain:
        await asha.ask("/buy", "filled", timeout=12)
    assert str(vain.value) == "waited 12 s in vain for 'filled':\n< BUY 10 RELIANCE\n  [ Confirm buy ]\n> /buy"
    assert loop.time() == 12


async def test_a_button_is_found_by_label_by_data_or_by_part_newest_first(
    asha: ScriptedPerson, speaker: Speaker, chats: Chats
) -> None:
    old = speaker.say("old", [CONFIRM | {"callback_data": "old"}], [REFRESH])
    speaker.say("new", [CONFIRM | {"text": "Confirm buy now"}], [CONFIRM | {"callback_data": "new"}])

    def pressed(button: str, message: Json | None = None) -> str:
        asha.press(button, message)
        return str(chats.updates.pending[-1]["callback_query"]["data"])

    assert pressed("Confirm buy") == "new"
    assert pressed("confirm") == "c:1:y"
    assert pressed("r") == "r"
    assert pressed("Confirm buy", asha.message(old.id)) == "old"
    with pytest.raises(PersonError, match=r"no button 'Sell'; the last messages offer \['Confirm buy now', 'Confirm buy'"):
        asha.press("Sell")


async def test_the_phone_rings_for_messages_but_not_for_edits_and_silent_ones(asha: ScriptedPerson, speaker: Speaker) -> None:
    card = speaker.say("card")
    speaker.say("hush", silent=True)
    speaker.edit(card, "card 2")
    asha.say("hello")
    filled = speaker.say("filled")
    asha.remove(filled.id)
    assert [each["text"] for each in asha.rings()] == ["card 2", "filled"], "it rang even if it is gone now"
    assert [each["text"] for each in asha.rings(after=card.id)] == ["filled"]


async def test_a_deletion_can_be_waited_for(asha: ScriptedPerson, chats: Chats, loop: VirtualLoop) -> None:
    secret = asha.say("492039")
    loop.call_later(2, chats.erase, asha.private, secret["id"])
    await asha.wait_until_gone(secret["id"])
    assert (loop.time(), asha.message(secret["id"])) == (2, None)


async def test_without_a_word_of_the_bot_there_is_no_last_one(asha: ScriptedPerson, speaker: Speaker) -> None:
    asha.say("hello")
    with pytest.raises(PersonError, match="has said nothing"):
        _ = asha.last
    speaker.say("hello yourself")
    assert asha.last["text"] == "hello yourself"
