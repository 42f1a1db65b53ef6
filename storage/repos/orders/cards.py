"""Cards: which message shows which order, and which version of it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.orders.order import CardRef, Order
from storage.db.engine import Transaction
from storage.db.tables.accounts import accounts
from storage.db.tables.messages import cards
from storage.db.tables.orders import orders, touches
from storage.repos.account_marks import PLACE, mark_of
from storage.repos.orders.orders import ORDER_COLUMNS, order_of

_c = cards.c
_newer = select(orders.c.version > bindparam("version")).where(orders.c.id == bindparam("order_id")).scalar_subquery()
_new = insert(cards).values(
    chat_id=bindparam("chat_id"),
    message_id=bindparam("message_id"),
    order_id=bindparam("order_id"),
    version=bindparam("version"),
    due=_newer,
    buried=False,
)
_ADD = _new.on_conflict_do_update(
    index_elements=[_c.chat_id, _c.message_id],
    set_={"order_id": _new.excluded.order_id, "version": _new.excluded.version, "due": _new.excluded.due, "buried": False},
)
_STALE = (
    select(_c.chat_id, _c.message_id, _c.version.label("shown_version"), accounts.c.label, PLACE, touches.c.price, *ORDER_COLUMNS)
    .select_from(
        cards.join(orders, orders.c.id == _c.order_id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .outerjoin(touches, touches.c.order_id == orders.c.id)
    )
    .where(_c.due.is_(True), _c.buried.is_(False))
    .order_by(orders.c.updated_at, _c.id)
    .limit(bindparam("limit"))
)
_STALE_IN = _STALE.where(_c.chat_id == bindparam("chat"))
_STALE_CHATS = select(_c.chat_id).where(_c.due.is_(True), _c.buried.is_(False)).distinct()
_FORGET = cards.delete().where(
    or_(_c.due.is_(False), _c.buried.is_(True)),
    _c.order_id.in_(select(orders.c.id).where(orders.c.settled.is_(True), orders.c.updated_at < bindparam("moment"))),
)
_HERE = (_c.chat_id == bindparam("chat"), _c.message_id == bindparam("message"))
_shows = func.max(_c.version, bindparam("drawn"))
_older = select(orders.c.version > _shows).where(orders.c.id == _c.order_id).scalar_subquery()
_DRAWN = cards.update().where(*_HERE).values(version=_shows, due=_older, message_id=bindparam("now_in"))
_TOUCH = cards.update().where(_c.order_id == bindparam("order")).values(due=True)
_MAKE_ROOM = cards.delete().where(*_HERE)
_BURY = cards.update().where(*_HERE).values(buried=True)


class SqlCards:
    """The cards on people's screens."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, card: CardRef) -> None:
        """A message shows one order: a second add for the same message replaces the first."""
        values = {"chat_id": card.chat_id, "message_id": card.message_id, "order_id": card.order_id, "version": card.version}
        self._tx.write(_ADD, values)

    def touch(self, order_ids: Sequence[str]) -> None:
        for order_id in order_ids:
            self._tx.write(_TOUCH, {"order": order_id})

    def stale_chats(self) -> Collection[int]:
        return self._tx.rows(_STALE_CHATS).scalars().all()

    def stale(self, limit: int = 50, *, chat_id: int | None = None) -> Sequence[tuple[CardRef, Order, str]]:
        """Those that have waited longest come first."""
        stale = []
        statement, of = (_STALE, {}) if chat_id is None else (_STALE_IN, {"chat": chat_id})
        for chat, message_id, version, label, position, touch, *rest in self._tx.rows(statement, {"limit": limit, **of}):
            order = order_of(rest)
            mark = mark_of(position)
            card = CardRef(chat_id=chat, message_id=message_id, order_id=order.id, version=version, mark=mark, touch=touch)
            stale.append((card, order, label))
        return stale

    def drawn(self, chat_id: int, message_id: int, version: int, *, moved_to: int | None = None) -> None:
        """An older version that arrives late does not take the note back."""
        if moved_to is not None and moved_to != message_id:
            self._tx.write(_MAKE_ROOM, {"chat": chat_id, "message": moved_to})
        now_in = message_id if moved_to is None else moved_to
        self._tx.write(_DRAWN, {"chat": chat_id, "message": message_id, "drawn": version, "now_in": now_in})

    def bury(self, chat_id: int, message_id: int) -> None:
        self._tx.write(_BURY, {"chat": chat_id, "message": message_id})

    def forget_before(self, moment: datetime) -> int:
        return self._tx.write(_FORGET, {"moment": moment})
