"""Notices that wait for their person: leased one at a time for each chat, sent or buried, parked while the chat is closed."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select

from bot.domain.errors import StorageError
from bot.domain.news.arrival import arrival
from bot.domain.news.delivery import Delivery
from bot.domain.news.families import KINDS
from bot.domain.news.notice import Notice, Sound
from bot.domain.news.orders.orders import Filled, OrdersElsewhere
from bot.domain.people.news_settings import NewsSettings
from storage.db.engine import Transaction
from storage.db.json_shapes import pack, unpack
from storage.db.tables.accounts import accounts
from storage.db.tables.messages import cards, outbox
from storage.db.tables.people import news_settings
from storage.repos.account_marks import PLACE, mark_of

_log = logging.getLogger(__name__)

WAITING: Final = "WAITING"
SENT: Final = "SENT"
BURIED: Final = "BURIED"
PARKED: Final = "PARKED"
OFF: Final = "OFF"  # its person wants no news of the kind
ON_TIME: Final = timedelta(seconds=60)
STEPS: Final = timedelta(seconds=3)  # after a part's ring, within which further parts are written into its message
BURST: Final = 5  # so many that wait for a chat leave as one message
TOGETHER: Final = 20  # most in one message
GROWS: Final = timedelta(seconds=15)  # after a message of many, within which more of the burst is written into it

_o = outbox.c
_ADD = outbox.insert().values(
    account_id=bindparam("account_id"),
    chat_id=bindparam("chat_id"),
    order_id=bindparam("order_id"),
    kind=bindparam("kind"),
    body=bindparam("body"),
    loudness=bindparam("loudness"),
    created_at=bindparam("at"),
    due_at=bindparam("at"),
    state=WAITING,
    attempts=0,
    why="",
)
# The head of each chat's queue: while it waits, for its time or for its lease to end, all behind it wait too.
_HEADS = select(func.min(_o.id)).where(_o.state == WAITING).group_by(_o.chat_id)
_HEAD_OF = select(func.min(_o.id)).where(_o.state == WAITING, _o.chat_id == bindparam("chat")).scalar_subquery()
_NEXT_DUE = select(_o.due_at).where(_o.id.in_(_HEADS)).order_by(_o.due_at).limit(1)
_PARK = outbox.update().where(_o.state == WAITING, _o.chat_id == bindparam("chat")).values(state=PARKED, why=bindparam("reason"))
_PARKED = select(_o.chat_id).where(_o.state == PARKED).distinct()
_new = outbox.alias()
_PARKED_WITH_NEWS = _PARKED.where(_o.chat_id.in_(select(_new.c.chat_id).where(_new.c.state == WAITING)))
_UNPARK = (
    outbox.update().where(_o.state == PARKED, _o.chat_id == bindparam("chat")).values(state=WAITING, due_at=bindparam("now"))
)
_HASTEN = (
    outbox.update()
    .where(_o.state == WAITING, _o.chat_id == bindparam("chat"), _o.due_at > bindparam("now"))
    .values(due_at=bindparam("now"))
)
_FORGET = outbox.delete().where(_o.state.in_((SENT, BURIED, OFF)), _o.closed_at < bindparam("moment"))
# What was rung of an order's fills in a chat, oldest first: the first of a message, and all that was written into it.
_RUNG = (
    select(_o.message_id, _o.created_at, _o.body)
    .where(_o.order_id == bindparam("order_id"), _o.chat_id == bindparam("chat"), _o.kind == Filled.__name__, _o.state == SENT)
    .order_by(_o.id)
)
_OTHERS_IN_IT = (
    select(func.count())
    .select_from(outbox)
    .where(
        _o.chat_id == bindparam("chat"),
        _o.state == SENT,
        _o.message_id == bindparam("message"),
        _o.order_id != bindparam("order_id"),
    )
)
_RELEASE = outbox.update().where(_o.state == WAITING, _o.due_at > bindparam("now")).values(due_at=bindparam("now"))
_card = cards.alias()
_NEWEST_CARD = (
    select(_card.c.message_id)
    .where(_card.c.order_id == _o.order_id, _card.c.chat_id == _o.chat_id, _card.c.buried.is_(False))
    .order_by(_card.c.id.desc())
    .limit(1)
    .scalar_subquery()
)


def _deliveries() -> Select[*tuple[Any, ...]]:
    """All that a delivery is made of, in their order."""
    return (
        select(
            _o.id, _o.chat_id, _o.order_id, _o.account_id, accounts.c.label, _o.kind, _o.body, _o.loudness, _o.created_at,
            _o.attempts, _NEWEST_CARD.label("reply_to"), _o.message_id, _o.closed_at, PLACE, news_settings.c.body.label("wishes"),
        )
        .select_from(
            outbox.join(accounts, accounts.c.id == _o.account_id).outerjoin(
                news_settings, news_settings.c.telegram_id == _o.chat_id
            )
        )
        .order_by(_o.id)
    )  # fmt: skip


_DUE = _deliveries().where(_o.id.in_(_HEADS), _o.due_at <= bindparam("now")).limit(bindparam("limit"))
_DUE_OF = _deliveries().where(_o.id == _HEAD_OF, _o.due_at <= bindparam("now"))
_BEHIND = _deliveries().where(_o.state == WAITING, _o.chat_id == bindparam("chat"), _o.id > bindparam("head")).limit(TOGETHER - 1)
_TOLD = _deliveries().where(_o.state == SENT, _o.chat_id == bindparam("chat"), _o.message_id == bindparam("message"))
_NEWEST_SENT = select(_o.message_id).where(_o.state == SENT, _o.chat_id == bindparam("chat")).order_by(_o.id.desc()).limit(1)
_THIS = (_o.id == bindparam("delivery"), _o.state == WAITING)
_LEASE = outbox.update().where(*_THIS).values(due_at=bindparam("until"), attempts=_o.attempts + 1)
_SENT = outbox.update().where(*_THIS).values(state=SENT, closed_at=bindparam("at"), message_id=bindparam("message"))
_TURN_OFF = outbox.update().where(*_THIS).values(state=OFF, closed_at=bindparam("at"))
_POSTPONE = outbox.update().where(*_THIS).values(due_at=bindparam("until"), why=bindparam("reason"))
_BURY = outbox.update().where(*_THIS).values(state=BURIED, closed_at=bindparam("at"), why=bindparam("reason"))
_SAID = select(_o.id, _o.account_id, _o.chat_id, _o.kind, _o.body, _o.state, _o.created_at, _o.closed_at, _o.message_id).where(
    _o.order_id == bindparam("order_id"), _o.kind == bindparam("kind")
)
_REWORD = outbox.update().where(*_THIS).values(body=bindparam("words"))
_ADD_EDIT = _ADD.values(message_id=bindparam("message"), loudness=int(Sound.SILENT))
_WRITTEN_SINCE = (
    select(_o.kind, func.count(_o.body.distinct()).label("number"))
    .where(_o.state.in_((WAITING, SENT)), _o.account_id == bindparam("account"), _o.created_at >= bindparam("moment"))
    .group_by(_o.kind)
)
_TOGETHER_SINCE = (
    select(_o.body)
    .distinct()
    .where(
        _o.state.in_((WAITING, SENT)),
        _o.account_id == bindparam("account"),
        _o.created_at >= bindparam("moment"),
        _o.kind == bindparam("name"),
    )
)
_OLDEST = select(func.min(_o.created_at)).where(_o.state.in_((WAITING, PARKED)))
_COUNTS = select(_o.state, func.count()).where(_o.state.in_((WAITING, PARKED, BURIED))).group_by(_o.state)


class SqlOutbox:
    """News in order: a chat's next delivery is leased only when the one before it is sent or buried."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, account_id: str, chat_ids: Sequence[int], notice: Notice, at: datetime, *, order_id: str | None) -> None:
        kind, body = pack(notice)
        common = {"account_id": account_id, "order_id": order_id, "kind": kind, "body": body, "at": at}
        loudness = int(notice.loudness)
        if chat_ids:
            self._tx.write(_ADD, [{**common, "chat_id": chat_id, "loudness": loudness} for chat_id in chat_ids])

    def correct(self, notice: Filled, at: datetime) -> None:
        kind, body = pack(notice)
        for row in self._tx.rows(_SAID, {"order_id": notice.order.id, "kind": kind}).all():
            earlier = unpack(row.kind, row.body)
            if not isinstance(earlier, Filled) or earlier.fill.filled_after != notice.fill.filled_after:
                continue
            if row.state == WAITING:
                self._tx.write(_REWORD, {"delivery": row.id, "words": body})
            elif row.message_id is not None and row.closed_at - row.created_at <= ON_TIME:  # a late one says so, and keeps it
                self._again(row, notice, kind, body, at)

    def _again(self, row: Any, notice: Filled, kind: str, body: str, at: datetime) -> None:
        """Writes the mended fill into its message, or in a message of its own where that one tells of other orders too."""
        shared = self._is_shared(row.chat_id, row.message_id, notice.order.id)
        again = {"account_id": row.account_id, "order_id": notice.order.id, "kind": kind, "body": body, "at": at}
        self._tx.write(_ADD_EDIT, {**again, "chat_id": row.chat_id, "message": None if shared else row.message_id})

    def lease(self, now: datetime, until: datetime, limit: int = 20, *, alone: bool = False) -> Sequence[Delivery]:
        """A lease that ends without a word is given out again: delivery is at least once.

        A delivery that cannot be read is buried here, where it is counted, and does not hold up the news behind it.
        """
        due = self._tx.rows(_DUE, {"now": now, "limit": limit}).all()
        self._lease(due, until)
        heads = self._read(due, now)
        found = [head if alone else self._with_burst(head, now, until) for head in heads]
        closed = {row.chat_id for row in due} - {head.chat_id for head in heads}  # their heads had nothing to say
        behind = (self.next_for(chat_id, now, until, alone=alone) for chat_id in sorted(closed))
        return [*found, *(delivery for delivery in behind if delivery is not None)]

    def next_for(self, chat_id: int, now: datetime, until: datetime, *, alone: bool = False) -> Delivery | None:
        while due := self._tx.rows(_DUE_OF, {"chat": chat_id, "now": now}).all():
            self._lease(due, until)
            for head in self._read(due, now):
                return head if alone else self._with_burst(head, now, until)
        return None

    def told(self, chat_id: int, message_id: int) -> Sequence[tuple[Delivery, datetime]]:
        found: dict[object, tuple[Delivery, datetime]] = {}
        for row in self._tx.rows(_TOLD, {"chat": chat_id, "message": message_id}).all():
            notice = unpack(row.kind, row.body)
            told = row.order_id if isinstance(notice, Filled) else row.id
            found.pop(told, None)
            found[told] = (_delivery(row, notice, Sound(row.loudness), edits=None), row.closed_at)
        return list(found.values())

    def _lease(self, rows: Sequence[Any], until: datetime) -> None:
        if rows:
            self._tx.write(_LEASE, [{"delivery": row.id, "until": until} for row in rows])

    def _read(self, rows: Sequence[Any], now: datetime) -> Sequence[Delivery]:
        """Those that can be read and still have something to say. The others are closed."""
        deliveries = []
        for row in rows:
            try:
                notice = unpack(row.kind, row.body)
            except StorageError as error:
                _log.error("delivery %d is buried: %s", row.id, error.say, exc_info=error)
                self.bury(row.id, now, error.say)
                continue
            edits = row.message_id
            if isinstance(notice, Filled):
                edits, told = self._message_of(notice, row)
                if told:
                    self.sent(row.id, now, edits or 0)
                    continue
            sound = arrival(notice, row.wishes or NewsSettings(), now)
            if row.loudness < notice.loudness:  # it mends what was rung already
                sound = Sound.SILENT
            if sound is None:
                self._tx.write(_TURN_OFF, {"delivery": row.id, "at": now})
                continue
            deliveries.append(_delivery(row, notice, sound, edits=edits))
        return deliveries

    def _message_of(self, news: Filled, row: Any) -> tuple[int | None, bool]:
        """The message that a fill is written into, if any, and whether it says as much already.

        Telegram does not ring for an edit: so a part that follows another within seconds counts up in its message, the
        fill that completes the order rings anew, and what mends an older step never covers a newer one.
        """
        rung = self._tx.rows(_RUNG, {"order_id": row.order_id, "chat": row.chat_id}).all()
        if row.message_id is not None:
            newer = (unpack(row.kind, said.body) for said in rung if said.message_id == row.message_id)
            return row.message_id, any(_filled(said) > news.fill.filled_after for said in newer)
        if not rung or news.fill.filled_after >= news.order.draft.quantity:
            return None, False
        last = rung[-1].message_id
        first = next(said for said in rung if said.message_id == last)
        if row.created_at - first.created_at > STEPS or self._is_shared(row.chat_id, last, news.order.id):
            return None, False
        return last, False

    def _is_shared(self, chat_id: int, message_id: int, order_id: str) -> bool:
        """Whether that message tells of other orders too."""
        about = {"chat": chat_id, "message": message_id, "order_id": order_id}
        return self._tx.rows(_OTHERS_IN_IT, about).scalar_one() > 0

    def _with_burst(self, head: Delivery, now: datetime, until: datetime) -> Delivery:
        """The head of a chat's queue with what waits behind it, where that is much and may leave in one message.

        What follows a message of many within seconds is written into it. Telegram does not ring for that, so the end of an order
        never is, and the last of what waits rings anew.
        """
        if not head.notice.grouped or head.edits is not None:
            return head
        rows = []
        for row in self._tx.rows(_BEHIND, {"chat": head.chat_id, "head": head.id}).all():
            kind = KINDS.get(row.kind)
            if kind is None or not kind.grouped or row.message_id is not None or row.account_id != head.account_id:
                break
            rows.append(row)
        quiet = [] if _has_to_ring(head.notice) else list(takewhile(_may_be_written_in, rows[:-1]))
        earlier = self._growing(head, now) if quiet else ()
        if earlier:
            rows = quiet[: TOGETHER - 1 - len(earlier)]
        elif len(rows) + 1 < BURST:
            return head
        self._lease(rows, until)
        more = self._read(rows, now)
        if earlier:
            return replace(head, more=tuple(more), earlier=earlier, edits=earlier[0].edits)
        return replace(head, more=tuple(more), sound=max(each.sound for each in (head, *more)))

    def _growing(self, head: Delivery, now: datetime) -> tuple[Delivery, ...]:
        """What the newest message of the chat tells, if it is one of many that a burst may still be written into."""
        newest = self._tx.rows(_NEWEST_SENT, {"chat": head.chat_id}).scalar_one_or_none()
        rows = self._tx.rows(_TOLD, {"chat": head.chat_id, "message": newest}).all() if newest else []
        if not BURST <= len(rows) < TOGETHER - 1 or now - rows[0].closed_at > GROWS:
            return ()
        told = [_delivery(row, unpack(row.kind, row.body), Sound.SILENT, edits=newest) for row in rows]
        return tuple(told) if all(one.notice.grouped and one.account_id == head.account_id for one in told) else ()

    def park(self, chat_id: int, why: str) -> None:
        self._tx.write(_PARK, {"chat": chat_id, "reason": why})

    def parked(self) -> Collection[int]:
        return self._tx.rows(_PARKED).scalars().all()

    def unpark(self, now: datetime, chat_ids: Collection[int]) -> None:
        news = self._tx.rows(_PARKED_WITH_NEWS).scalars().all()
        self._tx.write(_UNPARK, [{"chat": chat_id, "now": now} for chat_id in {*chat_ids, *news}])

    def hasten(self, chat_ids: Collection[int], now: datetime) -> None:
        if chat_ids:
            self._tx.write(_HASTEN, [{"chat": chat_id, "now": now} for chat_id in chat_ids])

    def forget_before(self, moment: datetime) -> int:
        return self._tx.write(_FORGET, {"moment": moment})

    def release(self, now: datetime) -> None:
        self._tx.write(_RELEASE, {"now": now})

    def sent(self, delivery_id: int, at: datetime, message_id: int) -> None:
        self._tx.write(_SENT, {"delivery": delivery_id, "at": at, "message": message_id})

    def postpone(self, delivery_id: int, until: datetime, why: str) -> None:
        """Until then the chat's later deliveries wait as well."""
        self._tx.write(_POSTPONE, {"delivery": delivery_id, "until": until, "reason": why})

    def bury(self, delivery_id: int, at: datetime, why: str) -> None:
        self._tx.write(_BURY, {"delivery": delivery_id, "at": at, "reason": why})

    def written_since(self, account_id: str, moment: datetime) -> Mapping[str, int]:
        rows = self._tx.rows(_WRITTEN_SINCE, {"account": account_id, "moment": moment}).all()
        counts = {row.kind: row.number for row in rows}
        if OrdersElsewhere.__name__ in counts:  # one piece of news that tells of several
            told = self._tx.rows(_TOGETHER_SINCE, {"account": account_id, "moment": moment, "name": OrdersElsewhere.__name__})
            several = [unpack(OrdersElsewhere.__name__, body) for body in told.scalars()]
            counts[OrdersElsewhere.__name__] = sum(len(one.orders) for one in several if isinstance(one, OrdersElsewhere))
        return counts

    def next_due(self) -> datetime | None:
        """When something can be leased next: the end of a lease counts, for its holder may have died."""
        return self._tx.rows(_NEXT_DUE).scalar_one_or_none()

    def counts(self) -> tuple[int, int]:
        counts = dict(self._tx.rows(_COUNTS).all())
        return counts.get(WAITING, 0) + counts.get(PARKED, 0), counts.get(BURIED, 0)

    def oldest(self) -> datetime | None:
        return self._tx.rows(_OLDEST).scalar_one()


def _delivery(row: Any, notice: Notice, sound: Sound, *, edits: int | None) -> Delivery:
    return Delivery(
        id=row.id,
        chat_id=row.chat_id,
        account_id=row.account_id,
        label=row.label,
        notice=notice,
        sound=sound,
        created_at=row.created_at,
        attempts=row.attempts,
        reply_to=row.reply_to,
        edits=edits,
        mark=mark_of(row.place),
        discreet=row.wishes is not None and row.wishes.discreet,
    )


def _may_be_written_in(row: Any) -> bool:
    try:
        return not _has_to_ring(unpack(row.kind, row.body))
    except StorageError:
        return False


def _has_to_ring(notice: Notice) -> bool:
    return notice.ends_order or notice.loudness is Sound.ALWAYS


def _filled(said: Notice) -> int:
    return said.fill.filled_after if isinstance(said, Filled) else 0
