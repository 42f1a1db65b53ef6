"""Who may speak, in which chat, how often: asked about each update before anything is stored (T4, T5, T15).

`judge` is a pure function. `Allowance` counts, and nothing else here has a memory. A stranger gets silence and leaves no trace.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Callable
from enum import Enum, auto

from telegram.constants import ChatType

from bot.domain.value import positional
from handlers.telegram.receiver import Json, number, part

EDITED = "I don't read edits, send it again."
FORWARDED = "I don't act on forwarded messages. Type it yourself."
WORDS_ONLY = "I read words and buttons only."
TOO_FAST = "Too many messages at once: this one was not read. Wait a few seconds and send it again."

_KILL = re.compile(r"\W*(?:[\w-]{1,32}\s*:\s*)?/?kill(?:@\w+)?(?:[^\w;\n-][^;\n]*)?\s*", re.IGNORECASE)
_JOIN = re.compile(r"/start ([a-z2-7]{26})")  # 128 bits in base32
LONGEST = 1000  # characters; no command is longer
# Fields of a message. Telegram leaves out what is not so.
_FOR_ANOTHER = frozenset({"sender_chat", "business_connection_id", "sender_business_bot"})
_NOT_TYPED = frozenset({"forward_origin", "via_bot", "edit_date", "is_automatic_forward"})
_SERVICE = frozenset({"pinned_message", "message_auto_delete_timer_changed"})


class Verdict(Enum):
    """What happens to an update."""

    TAKE = auto()  # store it and hand it on
    TELL = auto()  # not stored; the person gets one line
    DROP = auto()  # not stored, no answer
    KNOCK = auto()  # a stranger with a well-formed joining code: not stored
    LEAVE = auto()  # we were put into a group: walk out


@positional
class Judgement:
    """The verdict, whom it concerns, and what to say."""

    verdict: Verdict
    user_id: int = 0
    say: str = ""
    urgent: bool = False  # the kill switch: never counted, never waits


_DROP = Judgement(Verdict.DROP)


def judge(raw: Json, is_known: Callable[[int], bool]) -> Judgement:
    """Takes plain messages and taps of known people in their own private chat, and nothing else.

    raw: the update as Telegram sent it, whatever is in it. What is dropped is looked at here and nowhere else, so that a flood
    of strangers costs next to nothing.
    """
    if "my_chat_member" in raw:
        return _member(part(raw, "my_chat_member"))
    if "callback_query" in raw:
        return _tap(part(raw, "callback_query"), is_known)
    if "edited_message" in raw:
        person = _speaker(part(raw, "edited_message"))
        return Judgement(Verdict.TELL, person, EDITED) if person and is_known(person) else _DROP
    return _message(part(raw, "message"), is_known)


def _member(change: Json) -> Judgement:
    in_group = part(change, "chat").get("type") in (ChatType.GROUP, ChatType.SUPERGROUP, ChatType.CHANNEL)
    here = part(change, "new_chat_member").get("status") in ("member", "administrator", "restricted")
    return Judgement(Verdict.LEAVE) if in_group and here else _DROP


def _tap(tap: Json, is_known: Callable[[int], bool]) -> Judgement:
    person, data = _at_home(part(tap, "from"), part(part(tap, "message"), "chat")), tap.get("data")
    taken = person and is_known(person) and isinstance(data, str) and data
    return Judgement(Verdict.TAKE, person) if taken else _DROP


def _message(message: Json, is_known: Callable[[int], bool]) -> Judgement:
    person, text = _speaker(message), message.get("text")
    if not person:
        return _DROP
    if not is_known(person):
        # A stranger is heard for one thing only: a joining code, typed plainly in their own private chat.
        knocks = isinstance(text, str) and joining_code(text) and _NOT_TYPED.isdisjoint(message)
        return Judgement(Verdict.KNOCK, person) if knocks else _DROP
    if not _NOT_TYPED.isdisjoint(message):
        return Judgement(Verdict.TELL, person, FORWARDED) if "forward_origin" in message else _DROP
    if not isinstance(text, str):
        return _DROP if not _SERVICE.isdisjoint(message) else Judgement(Verdict.TELL, person, WORDS_ONLY)
    if len(text) > LONGEST:
        return Judgement(Verdict.TELL, person, "That is too long to be a command. Nothing was done.")
    return Judgement(Verdict.TAKE, person, urgent=is_kill(text))


def joining_code(text: str) -> str | None:
    """The code of a joining link, in the one form in which Telegram hands it over."""
    match = _JOIN.fullmatch(text)
    return match[1] if match else None


def _speaker(message: Json) -> int:
    """Who speaks in their own private chat and for themselves, or 0."""
    return _at_home(part(message, "from"), part(message, "chat")) if _FOR_ANOTHER.isdisjoint(message) else 0


def _at_home(sender: Json, chat: Json) -> int:
    """The person whose own private chat that is, or 0."""
    person = number(sender.get("id"))
    return person if sender.get("is_bot") is False and chat.get("type") == ChatType.PRIVATE and chat.get("id") == person else 0


def is_kill(text: str) -> bool:
    """Whether the words are the kill switch, with or without slash or label, and whatever a hurried hand says behind it."""
    return _KILL.fullmatch(text) is not None


class Allowance:
    """How much one person may say: a burst, a rate, and an answer of "too fast" once a while. Seconds of loop time."""

    def __init__(self, *, most: int = 30, within: float = 10.0, people: int = 1000) -> None:
        self._most = most
        self._within = within
        self._people = people
        self._seen: OrderedDict[int, deque[float]] = OrderedDict()
        self._told: dict[int, float] = {}

    def takes(self, user_id: int, now: float) -> bool:
        """Counts one update. False when it is one too many."""
        moments = self._seen.setdefault(user_id, deque())
        self._seen.move_to_end(user_id)
        while moments and now - moments[0] >= self._within:
            moments.popleft()
        while len(self._seen) > self._people:
            gone, _ = self._seen.popitem(last=False)
            self._told.pop(gone, None)
        if len(moments) >= self._most:
            return False
        moments.append(now)
        return True

    def tells(self, user_id: int, now: float) -> bool:
        """Whether to say so now: at most once in the same stretch of time."""
        last = self._told.get(user_id)
        if last is not None and now - last < self._within:
            return False
        self._told[user_id] = now
        return True
