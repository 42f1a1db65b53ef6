"""The table of stops that live over days."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Named, Table, Text, TypedColumns

from bot.domain.plans.standing_stop import StandingState, StandingStop
from storage.db.columns import Json, Word
from storage.db.metadata import metadata


class _StandingStops(TypedColumns):
    id = Column(Integer, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    state: Named[StandingState] = Column(Word(StandingState))
    body: Named[StandingStop] = Column(Json(StandingStop))


standing_stops = Table("standing_stops", metadata, _StandingStops, sqlite_strict=True, sqlite_autoincrement=True)
Index("ix_standing_stops_account_id", standing_stops.c.account_id, standing_stops.c.state)
