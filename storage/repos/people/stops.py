"""The kill switch of each account."""

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.people.account import Stop
from storage.db.engine import Transaction
from storage.db.tables.accounts import stops

_s = stops.c
_STOP = insert(stops).values({name: bindparam(name) for name in ("account_id", "by", "at", "why")}).on_conflict_do_nothing()
_RESUME = stops.delete().where(_s.account_id == bindparam("account"))
_STOPPED = select(_s.account_id, _s.by, _s.at, _s.why).where(_s.account_id == bindparam("account"))


class SqlStops:
    """On is a row. The first who stopped stays named until trading is resumed."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def stop(self, stop: Stop) -> bool:
        return self._tx.write(_STOP, {"account_id": stop.account_id, "by": stop.by, "at": stop.at, "why": stop.why}) == 1

    def resume(self, account_id: str) -> bool:
        """True when it was on."""
        return self._tx.write(_RESUME, {"account": account_id}) == 1

    def stopped(self, account_id: str) -> Stop | None:
        return next((Stop(**row._asdict()) for row in self._tx.cached(_STOPPED, {"account": account_id})), None)
