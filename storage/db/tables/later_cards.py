"""The table of orders that are asked again when the market takes them."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, Named, Table, Text, TypedColumns

from bot.domain.proposals.later_card import LaterCard, LaterState
from storage.db.columns import Json, UtcTime, Word
from storage.db.metadata import metadata


class _LaterCards(TypedColumns):
    id = Column(Integer, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    state: Named[LaterState] = Column(Word(LaterState))
    due: Named[datetime] = Column(UtcTime)
    body: Named[LaterCard] = Column(Json(LaterCard))


later_cards = Table("later_cards", metadata, _LaterCards, sqlite_strict=True, sqlite_autoincrement=True)
Index("ix_later_cards_state", later_cards.c.state)
