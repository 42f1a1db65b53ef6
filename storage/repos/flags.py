"""What the bot remembers of itself across restarts: each flag has a name, a subject, a value and the time it was set."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.market.watch_list import FollowedMessage
from bot.domain.orders.doubt import Doubt
from bot.domain.people.account import NoLogin
from storage.db.engine import Transaction
from storage.db.json_shapes import Shape
from storage.db.tables.bot import flags


class FlagName(StrEnum):
    """What a flag says. Its subject is named behind it."""

    ADDRESS_TOLD = "address told"  # the account; value: the date
    CARD_TOLD = "card told"  # the account and the card; value: the date
    CODE_SPENT = "code spent"  # the account; value: the code's digest
    TRIED = "tried"  # the Telegram id; value: the hour
    PROMPT = "prompt"  # the Telegram id; value: the words that the next ones complete
    MODE = "mode"  # none; value: the mode
    BOT = "telegram bot"  # none; value: the bot's id
    LOCKDOWN = "lockdown"  # none
    DDPI = "ddpi"  # the account; value: yes or no
    FOLLOWED = "followed"  # the chat; value: the message, until when, and the account, in that order
    DOUBT = "in doubt"  # the order; value: what was asked of it, and nobody knows whether it happened
    WATCHED = "watched"  # the account and the Telegram id; value: exchange and token of an instrument


_f = flags.c
_SET = insert(flags).values({name: bindparam(name) for name in ("name", "subject", "value", "at")}).on_conflict_do_nothing()
_NAMED = (_f.name == bindparam("flag"), _f.subject == bindparam("of"))
_CLEAR = flags.delete().where(*_NAMED)
_FIND = select(_f.value, _f.at).where(*_NAMED)
_UNWATCH = flags.delete().where(*_NAMED, _f.value == bindparam("key"))
_LISTED = select(_f.value).where(*_NAMED).order_by(_f.at, _f.value)
_FORGET_CODES = flags.delete().where(*_NAMED, or_(_f.at <= bindparam("past"), _f.at >= bindparam("future")))
_FORGET_HOURS = flags.delete().where(_f.name == FlagName.TRIED, _f.value < bindparam("hour"))
_FORGET_DAYS = flags.delete().where(_f.name.in_((FlagName.ADDRESS_TOLD, FlagName.CARD_TOLD)), _f.value < bindparam("day"))
_DOUBTS = select(_f.value).where(_f.name == FlagName.DOUBT)
_DOUBT = Shape(Doubt)
_FOLLOWED = select(_f.subject, _f.value).where(_f.name == FlagName.FOLLOWED)
_COUNT_HOUR = select(func.count()).where(_f.name == FlagName.TRIED, _f.value == bindparam("hour"))


class SqlFlags:
    """The row is the flag: whoever inserts it has set it."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def claim_address_notice(self, account_id: str, day: date, now: datetime) -> bool:
        return self._set(FlagName.ADDRESS_TOLD, account_id, day.isoformat(), now)

    def address_told(self, account_id: str, day: date) -> bool:
        told = self._tx.rows(_LISTED, {"flag": FlagName.ADDRESS_TOLD.value, "of": account_id}).scalars()
        return day.isoformat() in told

    def claim_tried_notice(self, telegram_id: int, now: datetime, most: int) -> bool:
        hour = f"{now:%Y-%m-%dT%H}"
        self._tx.write(_FORGET_HOURS, {"hour": hour})
        if self._tx.rows(_COUNT_HOUR, {"hour": hour}).scalar_one() >= most:
            return False
        return self._set(FlagName.TRIED, str(telegram_id), hour, now)

    def claim_card(self, card: str, account_id: str, day: date, now: datetime) -> bool:
        return self._set(FlagName.CARD_TOLD, f"{account_id} {card}", day.isoformat(), now)

    def card_told(self, card: str, account_id: str, day: date) -> bool:
        told = self._tx.rows(_LISTED, {"flag": FlagName.CARD_TOLD.value, "of": f"{account_id} {card}"}).scalars()
        return day.isoformat() in told

    def forget_days_before(self, day: date) -> int:
        return self._tx.write(_FORGET_DAYS, {"day": day.isoformat()})

    def forbid_login(self, account_id: str, why: NoLogin, now: datetime) -> None:
        self._set(why, account_id, "", now)

    def login_forbidden(self, account_id: str) -> bool:
        return any(self._find(why, account_id) for why in NoLogin)

    def allow_login(self, account_id: str) -> None:
        for why in NoLogin:
            self._clear(why, account_id)

    def spend_code(self, account_id: str, digest: str, now: datetime, remembered: timedelta) -> bool:
        times = {"past": now - remembered, "future": now + remembered}
        self._tx.write(_FORGET_CODES, {"flag": FlagName.CODE_SPENT, "of": account_id, **times})
        return self._set(FlagName.CODE_SPENT, account_id, digest, now)

    def ask(self, person: int, words: str, now: datetime) -> None:
        self._clear(FlagName.PROMPT, str(person))
        self._set(FlagName.PROMPT, str(person), words, now)

    def prompt(self, person: int) -> tuple[str, datetime] | None:
        return self._find(FlagName.PROMPT, str(person))

    def forget_prompt(self, person: int) -> None:
        self._clear(FlagName.PROMPT, str(person))

    def watch(self, account_id: str, person: int, key: str, now: datetime) -> bool:
        return self._set(FlagName.WATCHED, f"{account_id} {person}", key, now)

    def unwatch(self, account_id: str, person: int, key: str) -> bool:
        return self._tx.write(_UNWATCH, {"flag": FlagName.WATCHED, "of": f"{account_id} {person}", "key": key}) == 1

    def watched(self, account_id: str, person: int) -> Sequence[str]:
        return list(self._tx.rows(_LISTED, {"flag": FlagName.WATCHED, "of": f"{account_id} {person}"}).scalars().all())

    def ddpi(self, account_id: str) -> bool | None:
        flag = self._find(FlagName.DDPI, account_id)
        return None if flag is None else flag[0] == "yes"

    def say_ddpi(self, account_id: str, now: datetime, *, on_file: bool) -> None:
        self._clear(FlagName.DDPI, account_id)
        self._set(FlagName.DDPI, account_id, "yes" if on_file else "no", now)

    def follow(self, chat_id: int, message: FollowedMessage, now: datetime) -> None:
        self._clear(FlagName.FOLLOWED, str(chat_id))
        value = f"{message.message_id} {message.until.isoformat()} {message.account_id}"
        self._set(FlagName.FOLLOWED, str(chat_id), value, now)

    def unfollow(self, chat_id: int) -> None:
        self._clear(FlagName.FOLLOWED, str(chat_id))

    def followed(self) -> Mapping[int, FollowedMessage]:
        found = {}
        for row in self._tx.rows(_FOLLOWED).all():
            message_id, until, account_id = row.value.split(" ", 2)
            found[int(row.subject)] = FollowedMessage(
                message_id=int(message_id), until=datetime.fromisoformat(until), account_id=account_id
            )
        return found

    def doubt(self, doubt: Doubt) -> None:
        self._clear(FlagName.DOUBT, doubt.order_id)
        self._set(FlagName.DOUBT, doubt.order_id, _DOUBT.write(doubt).decode(), doubt.at)

    def doubts(self) -> Sequence[Doubt]:
        return [_DOUBT.read(value.encode()) for value in self._tx.rows(_DOUBTS).scalars()]

    def settle_doubt(self, order_id: str) -> None:
        self._clear(FlagName.DOUBT, order_id)

    def mode(self) -> tuple[str, datetime] | None:
        return self._find(FlagName.MODE)

    def begin_mode(self, mode: str, now: datetime) -> None:
        self._clear(FlagName.MODE)
        self._set(FlagName.MODE, "", mode, now)

    def bot_id(self) -> int | None:
        flag = self._find(FlagName.BOT)
        return None if flag is None else int(flag[0])

    def pin_bot(self, bot_id: int, now: datetime) -> None:
        self._clear(FlagName.BOT)
        self._set(FlagName.BOT, "", str(bot_id), now)

    def lock_down(self, now: datetime) -> None:
        self._set(FlagName.LOCKDOWN, "", "", now)

    def locked_down(self) -> bool:
        return self._find(FlagName.LOCKDOWN) is not None

    def lift_lockdown(self) -> bool:
        return self._clear(FlagName.LOCKDOWN)

    def _set(self, name: StrEnum, subject: str, value: str, now: datetime) -> bool:
        return self._tx.write(_SET, {"name": name.value, "subject": subject, "value": value, "at": now}) == 1

    def _find(self, name: StrEnum, subject: str = "") -> tuple[str, datetime] | None:
        row = self._tx.rows(_FIND, {"flag": name.value, "of": subject}).first()
        return None if row is None else (row.value, row.at)

    def _clear(self, name: StrEnum, subject: str = "") -> bool:
        return self._tx.write(_CLEAR, {"flag": name.value, "of": subject}) > 0
