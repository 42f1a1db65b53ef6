"""Cards of later.

Whoever moves one on tells of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from bot.domain.proposals.later_card import LaterCard, LaterState
from storage.db.engine import Transaction
from storage.db.tables.later_cards import later_cards

_l = later_cards.c
_ALL = select(_l.id, _l.state, _l.body).order_by(_l.id)
_ADD = later_cards.insert().values({name: bindparam(name) for name in ("account_id", "state", "due", "body")})
_NEWEST = select(_l.id).order_by(_l.id.desc()).limit(1)
_FIND = _ALL.where(_l.id == bindparam("card"))
_OPEN = _ALL.where(_l.state.in_([LaterState.WAITING, LaterState.DUE]))
_MOVE = (
    later_cards.update()
    .where(_l.id == bindparam("card"), _l.state.in_([LaterState.WAITING, LaterState.DUE]), _l.state != bindparam("to"))
    .values(state=bindparam("to"))
)
_END_ON = later_cards.delete().where(_l.account_id == bindparam("account"))
_FORGET = later_cards.delete().where(_l.due < bindparam("moment"))


class SqlLaterCards:
    """Cards of all accounts."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, card: LaterCard) -> LaterCard:
        row = {"account_id": card.account_id, "state": card.state, "due": card.due, "body": card}
        self._tx.write(_ADD, row)
        return replace(card, id=self._tx.rows(_NEWEST).scalar_one())

    def find(self, card_id: int) -> LaterCard | None:
        row = self._tx.rows(_FIND, {"card": card_id}).one_or_none()
        return None if row is None else _card(row)

    def open(self, states: Collection[LaterState] = (LaterState.WAITING, LaterState.DUE)) -> Sequence[LaterCard]:
        return [card for row in self._tx.rows(_OPEN).all() if (card := _card(row)).state in states]

    def move(self, card_id: int, to: LaterState) -> bool:
        return self._tx.write(_MOVE, {"card": card_id, "to": to}) == 1

    def end_on(self, account_id: str) -> int:
        return self._tx.write(_END_ON, {"account": account_id})

    def forget_before(self, moment: datetime) -> int:
        return self._tx.write(_FORGET, {"moment": moment})


def _card(row: Sequence[Any]) -> LaterCard:
    card: LaterCard = row[2]
    return replace(card, id=row[0], state=row[1])
