"""Open questions, each claimed at most once."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from bot.domain.errors import IllegalMove
from bot.domain.orders.confirmation import Confirmation, ConfirmationState
from storage.db.engine import Transaction
from storage.db.tables.orders import confirmations

_FIELDS = tuple(field.name for field in fields(Confirmation))
_c = confirmations.c
_ADD = confirmations.insert().values({name: bindparam(name) for name in _FIELDS})
_ALL = select(*(_c[name] for name in _FIELDS))
_FIND = _ALL.where(_c.token == bindparam("token"))
_OPEN_SINCE = _ALL.where(
    _c.state == ConfirmationState.OPEN, _c.message_id.is_not(None), _c.expires_at > bindparam("moment")
).order_by(_c.expires_at)
_ITS_MESSAGE = or_(_c.message_id.is_(None), _c.message_id == bindparam("message"))
_BIND = confirmations.update().where(_c.token == bindparam("the_token"), _ITS_MESSAGE).values(message_id=bindparam("message"))
_CLAIM = (
    confirmations.update()
    .where(
        _c.token == bindparam("the_token"),
        _c.state == ConfirmationState.OPEN,
        _c.user_id == bindparam("user"),
        _c.chat_id == bindparam("chat"),
        _ITS_MESSAGE,
        _c.expires_at > bindparam("now"),
        or_(_c.taps_from.is_(None), _c.taps_from <= bindparam("now")),
    )
    .values(state=ConfirmationState.CLAIMED, message_id=bindparam("message"))
)
_CLOSE = (
    confirmations.update()
    .where(_c.token == bindparam("the_token"), or_(_c.state == ConfirmationState.OPEN, _c.state == bindparam("also")))
    .values(state=bindparam("becomes"))
)
_REFUSE_OF = (
    confirmations.update()
    .where(_c.user_id == bindparam("person"), _c.state == ConfirmationState.OPEN)
    .values(state=ConfirmationState.REFUSED)
)
_REFUSE_ON = (
    confirmations.update()
    .where(_c.account_id == bindparam("account"), _c.state == ConfirmationState.OPEN)
    .values(state=ConfirmationState.REFUSED)
)
_FORGET = confirmations.delete().where(_c.expires_at < bindparam("moment"))


class SqlConfirmations:
    """Open questions. Whoever's update touches the row has the claim."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, confirmation: Confirmation) -> None:
        self._tx.write(_ADD, {name: getattr(confirmation, name) for name in _FIELDS})

    def find(self, token: str) -> Confirmation | None:
        row = self._tx.rows(_FIND, {"token": token}).one_or_none()
        return None if row is None else _confirmation(row)

    def bind(self, token: str, message_id: int) -> bool:
        return self._tx.write(_BIND, {"the_token": token, "message": message_id}) == 1

    def claim(self, token: str, user_id: int, chat_id: int, message_id: int, now: datetime) -> bool:
        """A question still unbound is bound by its owner's tap: the tap can overtake the answer to sendMessage."""
        values = {"the_token": token, "user": user_id, "chat": chat_id, "message": message_id, "now": now}
        return self._tx.write(_CLAIM, values) == 1

    def close(self, token: str, state: ConfirmationState) -> bool:
        if state in (ConfirmationState.OPEN, ConfirmationState.CLAIMED):
            raise IllegalMove(f"a question is not closed by becoming {state}")
        # A claim that found a reason against itself is refused after it was claimed; nothing else leaves CLAIMED.
        also = ConfirmationState.CLAIMED if state is ConfirmationState.REFUSED else ConfirmationState.OPEN
        return self._tx.write(_CLOSE, {"the_token": token, "also": also, "becomes": state}) == 1

    def open_since(self, moment: datetime) -> Sequence[Confirmation]:
        return [_confirmation(row) for row in self._tx.rows(_OPEN_SINCE, {"moment": moment}).all()]

    def refuse_of(self, user_id: int) -> int:
        return self._tx.write(_REFUSE_OF, {"person": user_id})

    def refuse_on(self, account_id: str) -> int:
        return self._tx.write(_REFUSE_ON, {"account": account_id})

    def forget_before(self, moment: datetime) -> int:
        return self._tx.write(_FORGET, {"moment": moment})


def _confirmation(values: Sequence[Any]) -> Confirmation:
    return Confirmation(**dict(zip(_FIELDS, values, strict=True)))
