"""The mark of an account: its place in the order of linking, as a sign that tells it from the others at a glance."""

from sqlalchemy import func, select, tuple_

from storage.db.tables.accounts import accounts

MARKS = ("🔵", "🟠", "🟣", "🟡", "🟤", "⚪", "🔷", "🔶", "🟦", "🟧", "🟪", "🟨", "🟫", "⬜")  # green and red mean profit and loss

_earlier = accounts.alias("earlier")
PLACE = (  # a column for any statement over accounts; unlinked ones count too, so that an account keeps its mark
    select(func.count())
    .select_from(_earlier)
    .where(tuple_(_earlier.c.created_at, _earlier.c.id) < tuple_(accounts.c.created_at, accounts.c.id))
    .correlate(accounts)
    .scalar_subquery()
    .label("place")
)


def mark_of(place: int) -> str:
    """The sign on that place. They begin anew after the last."""
    return MARKS[place % len(MARKS)]
