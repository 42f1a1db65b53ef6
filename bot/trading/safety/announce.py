"""Tells all who watch an account, the others of one person's act, and the owners of what is theirs to know."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.domain.news.notice import Notice
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.people.account import Role
from bot.domain.ports.repositories import Repositories


def tell_all(db: Repositories, account_id: str, notice: Notice, at: datetime, *, order_id: str | None = None) -> None:
    """Writes the notice to everybody who watches the account."""
    db.outbox.add(account_id, db.people.watching(account_id), notice, at, order_id=order_id)


def tell_others(
    db: Repositories, account_id: str, but: Collection[int], notice: Notice, at: datetime, *, order_id: str | None = None
) -> Sequence[int]:
    """Writes the notice to everybody who watches the account, but not to these. Says to whom it was written."""
    others = [person for person in db.people.watching(account_id) if person not in but]
    db.outbox.add(account_id, others, notice, at, order_id=order_id)
    return others


def tell_of(db: Repositories, account_id: str, who: int | None, deed: ActionKind, at: datetime, *, detail: str = "") -> None:
    """Tells the others of the account of a person's act. What the bot does by itself is told to nobody."""
    user = db.people.find(who) if who is not None else None
    if user is not None:
        tell_others(db, account_id, {user.telegram_id}, ActByOther(name=user.name, deed=deed, at=at, detail=detail), at)


def tell_owners(db: Repositories, notice: Notice, at: datetime, *, account_id: str | None = None, but: int = 0) -> None:
    """Writes one notice to each owner, of that account or of any. Without an account there is nobody's news to be."""
    audience = {but}
    for account in db.accounts.all():
        if account_id not in (None, account.id):
            continue
        watching = [person for person in db.people.watching(account.id) if person not in audience]
        owners = [person for person in watching if db.people.role_on(person, account.id) is Role.OWNER]
        audience.update(owners)
        db.outbox.add(account.id, owners, notice, at, order_id=None)
