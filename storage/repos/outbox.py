"""Notices that wait for their person, leased one at a time for each chat, then sent or buried."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, func, select

from bot.domain.errors import StorageError
from bot.domain.orders.notice import Delivery, Filled, Notice, Sound
from storage.db.engine import Transaction
from storage.db.json_shapes import pack, unpack
from storage.db.tables import accounts, cards, outbox
from storage.repos.account_marks import PLACE, mark_of

_log = logging.getLogger(__name__)

WAITING: Final = "WAITING"
SENT: Final = "SENT"
BURIED: Final = "BURIED"
ON_TIME: Final = timedelta(seconds=60)

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
_NEXT_DUE = select(_o.due_at).where(_o.id.in_(_HEADS)).order_by(_o.due_at).limit(1)
_RELEASE = outbox.update().where(_o.state == WAITING, _o.due_at > bindparam("now")).values(due_at=bindparam("now"))
_card = cards.alias()
_NEWEST_CARD = (
    select(_card.c.message_id)
    .where(_card.c.order_id == _o.order_id, _card.c.chat_id == _o.chat_id, _card.c.buried.is_(False))
    .order_by(_card.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_DUE = (
    select(
        _o.id, _o.chat_id, _o.account_id, accounts.c.label, _o.kind, _o.body, _o.loudness, _o.created_at, _o.attempts,
        _NEWEST_CARD.label("reply_to"), _o.message_id, PLACE,
    )
    .select_from(outbox.join(accounts, accounts.c.id == _o.account_id))
    .where(_o.id.in_(_HEADS), _o.due_at <= bindparam("now"))
    .order_by(_o.id)
    .limit(bindparam("limit"))
)  # fmt: skip
_THIS = (_o.id == bindparam("delivery"), _o.state == WAITING)
_LEASE = outbox.update().where(*_THIS).values(due_at=bindparam("until"), attempts=_o.attempts + 1)
_SENT = outbox.update().where(*_THIS).values(state=SENT, closed_at=bindparam("at"), message_id=bindparam("message"))
_POSTPONE = outbox.update().where(*_THIS).values(due_at=bindparam("until"), why=bindparam("reason"))
_BURY = outbox.update().where(*_THIS).values(state=BURIED, closed_at=bindparam("at"), why=bindparam("reason"))
_SAID = select(_o.id, _o.account_id, _o.chat_id, _o.kind, _o.body, _o.state, _o.created_at, _o.closed_at, _o.message_id).where(
    _o.order_id == bindparam("order_id"), _o.kind == bindparam("kind")
)
_REWORD = outbox.update().where(*_THIS).values(body=bindparam("words"))
_ADD_EDIT = _ADD.values(message_id=bindparam("message"), loudness=int(Sound.SILENT))
_COUNTS = select(_o.state, func.count()).where(_o.state.in_((WAITING, BURIED))).group_by(_o.state)


class SqlOutbox:
    """News in order: a chat's next delivery is leased only when the one before it is sent or buried."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, account_id: str, chat_ids: Sequence[int], notice: Notice, at: datetime, *, order_id: str | None) -> None:
        kind, body = pack(notice)
        common = {"account_id": account_id, "order_id": order_id, "kind": kind, "body": body, "at": at}
        loudness = int(notice.sound)
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
                again = {"account_id": row.account_id, "order_id": notice.order.id, "kind": kind, "body": body, "at": at}
                self._tx.write(_ADD_EDIT, {**again, "chat_id": row.chat_id, "message": row.message_id})

    def lease(self, now: datetime, until: datetime, limit: int = 20) -> Sequence[Delivery]:
        """A lease that ends without a word is given out again: delivery is at least once.

        A delivery that cannot be read is buried here, where it is counted, and does not hold up the news behind it.
        """
        due = self._tx.rows(_DUE, {"now": now, "limit": limit}).all()
        if due:
            self._tx.write(_LEASE, [{"delivery": row.id, "until": until} for row in due])
        deliveries = []
        for row in due:
            try:
                notice = unpack(row.kind, row.body)
            except StorageError as error:
                _log.error("delivery %d is buried: %s", row.id, error.say, exc_info=error)
                self.bury(row.id, now, error.say)
                continue
            deliveries.append(
                Delivery(
                    id=row.id,
                    chat_id=row.chat_id,
                    account_id=row.account_id,
                    label=row.label,
                    notice=notice,
                    sound=Sound(row.loudness),
                    created_at=row.created_at,
                    attempts=row.attempts,
                    reply_to=row.reply_to,
                    edits=row.message_id,
                    mark=mark_of(row.place),
                )
            )
        return deliveries

    def release(self, now: datetime) -> None:
        self._tx.write(_RELEASE, {"now": now})

    def sent(self, delivery_id: int, at: datetime, message_id: int) -> None:
        self._tx.write(_SENT, {"delivery": delivery_id, "at": at, "message": message_id})

    def postpone(self, delivery_id: int, until: datetime, why: str) -> None:
        """Until then the chat's later deliveries wait as well."""
        self._tx.write(_POSTPONE, {"delivery": delivery_id, "until": until, "reason": why})

    def bury(self, delivery_id: int, at: datetime, why: str) -> None:
        self._tx.write(_BURY, {"delivery": delivery_id, "at": at, "reason": why})

    def next_due(self) -> datetime | None:
        """When something can be leased next: the end of a lease counts, for its holder may have died."""
        return self._tx.rows(_NEXT_DUE).scalar_one_or_none()

    def counts(self) -> tuple[int, int]:
        counts = dict(self._tx.rows(_COUNTS).all())
        return counts.get(WAITING, 0), counts.get(BURIED, 0)
