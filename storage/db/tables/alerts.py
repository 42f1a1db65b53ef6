"""The table of price alerts and of alerts on a day's result."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Named, Table, Text, TypedColumns

from bot.domain.news.alert import Alert, AlertState
from storage.db.columns import Json, Word
from storage.db.metadata import metadata


class _Alerts(TypedColumns):
    id = Column(Integer, primary_key=True)
    account_id: Named[str] = Column(Text, ForeignKey("accounts.id"))
    telegram_id: Named[int]
    state: Named[AlertState] = Column(Word(AlertState))
    body: Named[Alert] = Column(Json(Alert))


alerts = Table("alerts", metadata, _Alerts, sqlite_strict=True, sqlite_autoincrement=True)
Index("ix_alerts_account_id", alerts.c.account_id, alerts.c.telegram_id)
