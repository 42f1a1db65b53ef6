"""Open questions, each claimed at most once."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, or_, select
from sqlalchemy.dialects.sqlite import insert

from bot.domain.errors import IllegalMove
from bot.domain.orders.confirmation import Confirmation, ConfirmationState
from bot.domain.proposals.ended_question import EndedQuestion
from storage.db.engine import Transaction
from storage.db.tables.accounts import accounts
from storage.db.tables.orders import answers, confirmations
from storage.repos.account_marks import PLACE, mark_of

_FIELDS = tuple(field.name for field in fields(Confirmation))
_c = confirmations.c
_ADD = confirmations.insert().values({name: bindparam(name) for name in _FIELDS})
_ALL = select(*(_c[name] for name in _FIELDS))
_FIND = _ALL.where(_c.token == bindparam("token"))
_ASKING = _ALL.where(_c.state == ConfirmationState.OPEN, _c.message_id.is_not(None)).order_by(_c.expires_at)
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
_OPEN_OF = (_c.user_id == bindparam("person"), _c.state == ConfirmationState.OPEN)
_OPEN_ON = (_c.account_id == bindparam("account"), _c.state == ConfirmationState.OPEN)
_REFUSE_OF = confirmations.update().where(*_OPEN_OF).values(state=ConfirmationState.REFUSED)
_REFUSE_ON = confirmations.update().where(*_OPEN_ON).values(state=ConfirmationState.REFUSED)
_WHY = bindparam("why", type_=Text)
_OWE_OF = answers.insert().from_select(["token", "why"], select(_c.token, _WHY).where(*_OPEN_OF))
_OWE_ON = answers.insert().from_select(["token", "why"], select(_c.token, _WHY).where(*_OPEN_ON))
_owed = insert(answers).from_select(["token", "why"], select(_c.token, _WHY).where(_c.token == bindparam("the_token")))
_OWE = _owed.on_conflict_do_update(index_elements=[answers.c.token], set_={"why": _owed.excluded.why})
_SHOWN = answers.delete().where(answers.c.token == bindparam("the_token"))
_newer = confirmations.alias("newer")
_OWED = (
    select(answers.c.why, accounts.c.label, PLACE, *(_c[name] for name in _FIELDS))
    .select_from(answers.join(confirmations, _c.token == answers.c.token).join(accounts, accounts.c.id == _c.account_id))
    .where(
        _c.token.in_(select(answers.c.token)),  # from the few to theirs
        _c.message_id.is_not(None),
        ~select(_newer.c.token)
        .where(
            _newer.c.expires_at > _c.created_at,  # by which the few are found
            _newer.c.created_at > _c.created_at,
            _newer.c.chat_id == _c.chat_id,
            _newer.c.message_id == _c.message_id,
        )
        .exists(),
    )
    .order_by(_c.created_at, _c.token)
)
_FORGET_OWED = answers.delete()
_FORGET = confirmations.delete().where(
    _c.expires_at < bindparam("moment"),
    or_(_c.message_id.is_(None), _c.state != ConfirmationState.OPEN),
    _c.token.not_in(select(answers.c.token)),
)


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

    def close(self, token: str, state: ConfirmationState, why: Sequence[str] = ()) -> bool:
        if state in (ConfirmationState.OPEN, ConfirmationState.CLAIMED):
            raise IllegalMove(f"a question is not closed by becoming {state}")
        # A claim that found a reason against itself is refused after it was claimed; nothing else leaves CLAIMED.
        also = ConfirmationState.CLAIMED if state is ConfirmationState.REFUSED else ConfirmationState.OPEN
        if self._tx.write(_CLOSE, {"the_token": token, "also": also, "becomes": state}) != 1:
            return False
        if state is not ConfirmationState.REPLACED:
            self.owe_answer(token, why)
        return True

    def owe_answer(self, token: str, why: Sequence[str] = ()) -> None:
        self._tx.write(_OWE, {"the_token": token, "why": "\n".join(why)})

    def answer_shown(self, token: str) -> None:
        self._tx.write(_SHOWN, {"the_token": token})

    def owed_answers(self) -> Sequence[EndedQuestion]:
        return [
            EndedQuestion(question=_confirmation(values), label=label, mark=mark_of(place), why=tuple(why.splitlines()))
            for why, label, place, *values in self._tx.rows(_OWED).all()
        ]

    def asking(self) -> Sequence[Confirmation]:
        return [_confirmation(row) for row in self._tx.rows(_ASKING).all()]

    def refuse_of(self, user_id: int, why: str | None) -> int:
        if why is not None:
            self._tx.write(_OWE_OF, {"person": user_id, "why": why})
        return self._tx.write(_REFUSE_OF, {"person": user_id})

    def refuse_on(self, account_id: str, why: str) -> int:
        self._tx.write(_OWE_ON, {"account": account_id, "why": why})
        return self._tx.write(_REFUSE_ON, {"account": account_id})

    def forget_answers(self) -> None:
        """Nothing is owed any more: of a database that was brought back nobody knows what its messages show."""
        self._tx.write(_FORGET_OWED, {})

    def forget_before(self, moment: datetime) -> int:
        return self._tx.write(_FORGET, {"moment": moment})


def _confirmation(values: Sequence[Any]) -> Confirmation:
    return Confirmation(**dict(zip(_FIELDS, values, strict=True)))
