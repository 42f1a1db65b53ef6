"""The record of acts in a person's words: people by their names, orders by number and contract, accounts by their labels."""

import re
from collections.abc import Mapping
from datetime import datetime

from bot.domain.clock import ist_date
from bot.domain.orders.order_text import order_words
from bot.domain.ports.repositories import Repositories

_ORDER = re.compile(r"[0-9a-f]{20}")
_QUESTION = re.compile(r"given for ([a-z2-7]{26})")
_PERSON = re.compile(r"([0-9]{1,20})(?: (.+))?")  # whom it was done to, with the name of then
_BY = re.compile(r"\b(by |remove:)([0-9]{1,20})\b")
_ORIGIN = re.compile(r"(?: · )?update [0-9]+, (?:tap on )?message [0-9]+$")
_WORD = re.compile(r"\b\w+\b")
BETWEEN = " · "


def in_words(db: Repositories, at: datetime, detail: str, names: Mapping[int, str]) -> str:
    """The detail of one act. What nobody has a word for stays as it was written.

    The record itself keeps ids: a name may change, and two people may bear the same one.
    """
    origin = match[0] if (match := _ORIGIN.search(detail)) is not None else ""
    head, between, rest = detail.removesuffix(origin).partition(BETWEEN)
    head = _order(db, at, head) or _question(db, at, head) or _person(head, names) or head
    words = _BY.sub(lambda match: match[1] + names.get(int(match[2]), match[2]), f"{head}{between}{rest}")
    labels = {account.id: account.label for account in db.accounts.all()}
    return _WORD.sub(lambda match: labels.get(match[0], match[0]), words) + origin


def _order(db: Repositories, at: datetime, head: str) -> str | None:
    order = db.orders.find(head) if _ORDER.fullmatch(head) else None
    if order is None:
        return None
    day = ist_date(order.created_at)
    of = f" of {day.day} {day:%b}" if day != ist_date(at) else ""
    return f"#{order.number}{of} {order_words(order.draft, day)}"


def _question(db: Repositories, at: datetime, head: str) -> str | None:
    match = _QUESTION.fullmatch(head)
    asked = db.confirmations.find(match[1]) if match is not None else None
    if asked is None:
        return None
    what = order_words(asked.draft, ist_date(at)) if asked.draft is not None else asked.purpose.lower()
    return f"given for {what}"


def _person(head: str, names: Mapping[int, str]) -> str | None:
    match = _PERSON.fullmatch(head)
    return (match[2] or names.get(int(match[1]))) if match is not None else None
