"""How each person wants to be told."""

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.people.news_settings import NewsSettings
from storage.db.engine import Transaction
from storage.db.tables.people import news_settings

_OF = select(news_settings.c.body).where(news_settings.c.telegram_id == bindparam("person"))
_put = insert(news_settings).values({name: bindparam(name) for name in ("telegram_id", "body")})
_PUT = _put.on_conflict_do_update(index_elements=[news_settings.c.telegram_id], set_={"body": _put.excluded.body})


class SqlNewsSettings:
    """One row for each person who has chosen something."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def of(self, telegram_id: int) -> NewsSettings:
        return self._tx.rows(_OF, {"person": telegram_id}).scalar_one_or_none() or NewsSettings()

    def put(self, telegram_id: int, settings: NewsSettings) -> None:
        self._tx.write(_PUT, {"telegram_id": telegram_id, "body": settings})
