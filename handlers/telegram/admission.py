"""Who may speak, in which chat, how often: asked about each update before anything is stored (T4, T5, T15).

`judge` is a pure function. `Allowance` counts, and nothing else here has a memory. A stranger gets silence and leaves no trace.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from telegram import Message, Update
from telegram.constants import ChatType

EDITED = "I don't read edits, send it again."
FORWARDED = "I don't act on forwarded messages. Type it yourself."
WORDS_ONLY = "I read words and buttons only."
TOO_FAST = "Too many messages at once: this one was not read. Wait a few seconds and send it again."

_KILL = re.compile(r"\W*(?:[\w-]{1,32}\s*:\s*)?/?kill(?:@\w+)?(?:[^\w;\n-][^;\n]*)?\s*", re.IGNORECASE)
_JOIN = re.compile(r"/start ([a-z2-7]{26})")  # 128 bits in base32
LONGEST = 1000  # characters; no command is longer


class Verdict(Enum):
    """What happens to an update."""

    TAKE = auto()  # store it and hand it on
    TELL = auto()  # not stored; the person gets one line
    DROP = auto()  # not stored, no answer
    KNOCK = auto()  # a stranger with a well-formed joining code: not stored
    LEAVE = auto()  # we were put into a group: walk out


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, whom it concerns, and what to say."""

    verdict: Verdict
    user_id: int = 0
    say: str = ""
    urgent: bool = False  # the kill switch: never counted, never waits


_DROP = Judgement(Verdict.DROP)


def judge(update: Update, is_known: Callable[[int], bool]) -> Judgement:
    """Takes plain messages and taps of known people in their own private chat, and nothing else."""
    member = update.my_chat_member
    if member is not None:
        in_group = member.chat.type in (ChatType.GROUP, ChatType.SUPERGROUP, ChatType.CHANNEL)
        here = member.new_chat_member.status in ("member", "administrator", "restricted")
        return Judgement(Verdict.LEAVE) if in_group and here else _DROP
    if update.callback_query is not None:
        return _tap(update, is_known)
    if update.edited_message is not None:
        person = _speaker(update.edited_message, is_known)
        return Judgement(Verdict.TELL, person, EDITED) if person else _DROP
    if update.message is not None:
        return _message(update.message, is_known)
    return _DROP


def _tap(update: Update, is_known: Callable[[int], bool]) -> Judgement:
    query = update.callback_query
    if query is None or query.from_user.is_bot or not is_known(query.from_user.id):
        return _DROP
    chat = query.message.chat if query.message is not None else None
    if chat is None or chat.type != ChatType.PRIVATE or chat.id != query.from_user.id or not query.data:
        return _DROP
    return Judgement(Verdict.TAKE, query.from_user.id)


def _message(message: Message, is_known: Callable[[int], bool]) -> Judgement:
    person = _speaker(message, is_known)
    if not person:
        return _knock(message)
    if message.forward_origin is not None:
        return Judgement(Verdict.TELL, person, FORWARDED)
    if message.via_bot is not None or message.edit_date is not None or message.is_automatic_forward:
        return _DROP
    if message.text is None:
        service = message.pinned_message is not None or message.message_auto_delete_timer_changed is not None
        return _DROP if service else Judgement(Verdict.TELL, person, WORDS_ONLY)
    if len(message.text) > LONGEST:
        return Judgement(Verdict.TELL, person, "That is too long to be a command. Nothing was done.")
    return Judgement(Verdict.TAKE, person, urgent=is_kill(message.text))


def joining_code(text: str) -> str | None:
    """The code of a joining link, in the one form in which Telegram hands it over."""
    match = _JOIN.fullmatch(text)
    return match[1] if match else None


def _knock(message: Message) -> Judgement:
    """A stranger is heard for one thing only: a joining code, typed plainly in their own private chat."""
    stranger = _speaker(message, lambda _: True)
    odd = (message.forward_origin, message.via_bot, message.edit_date, message.is_automatic_forward)
    if not stranger or any(odd) or message.text is None or joining_code(message.text) is None:
        return _DROP
    return Judgement(Verdict.KNOCK, stranger)


def _speaker(message: Message, is_known: Callable[[int], bool]) -> int:
    """The known person who speaks in their own private chat, or 0."""
    sender = message.from_user
    if sender is None or sender.is_bot or not is_known(sender.id):
        return 0
    if message.chat.type != ChatType.PRIVATE or message.chat.id != sender.id:
        return 0
    if message.sender_chat is not None or message.business_connection_id is not None or message.sender_business_bot is not None:
        return 0
    return sender.id


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
