"""Tables of messages: what Telegram brought, what it still has to take, and the cards that it shows."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, Named, Table, Text, TypedColumns

from storage.db.columns import Flag, UtcTime
from storage.db.metadata import metadata


class _Cards(TypedColumns):
    id = Column(Integer, primary_key=True)
    chat_id: Named[int]
    message_id: Named[int]
    order_id: Named[str] = Column(Text, ForeignKey("orders.id"), index=True)
    version: Named[int]
    due: Named[bool] = Column(Flag)  # it shows an older version than the order has; a search over all cards ever would grow slow
    buried: Named[bool] = Column(Flag)


cards = Table("cards", metadata, _Cards, sqlite_strict=True)
Index("ix_cards_due", cards.c.due, cards.c.buried)
Index("uq_cards_message", cards.c.chat_id, cards.c.message_id, unique=True)


class _Outbox(TypedColumns):
    id = Column(Integer, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    chat_id: Named[int]
    order_id: Named[str | None] = Column(Text, ForeignKey("orders.id"))
    kind: Named[str] = Column(Text)
    body: Named[str] = Column(Text)
    loudness: Named[int]
    created_at: Named[datetime] = Column(UtcTime)
    state: Named[str] = Column(Text)  # WAITING, SENT, BURIED, PARKED, OFF
    due_at: Named[datetime] = Column(UtcTime)  # the end of a postponement or of a lease
    attempts: Named[int]
    why: Named[str] = Column(Text)
    closed_at: Named[datetime | None] = Column(UtcTime)
    message_id: Named[int | None]


outbox = Table("outbox", metadata, _Outbox, sqlite_strict=True, sqlite_autoincrement=True)  # an event number is never reused
Index("ix_outbox_state", outbox.c.state, outbox.c.chat_id, outbox.c.id)
Index("ix_outbox_order_id", outbox.c.order_id)


class _Inbox(TypedColumns):
    update_id = Column(Integer, primary_key=True, autoincrement=False)
    user_id: Named[int]
    body: Named[str] = Column(Text)
    received_at: Named[datetime] = Column(UtcTime)
    handled_at: Named[datetime | None] = Column(UtcTime, index=True)


inbox = Table("inbox", metadata, _Inbox, sqlite_strict=True)
