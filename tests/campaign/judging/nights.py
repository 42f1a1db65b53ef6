"""What is owed over a night: the fate of evening orders, and no act on a price that lives on another base.

Like the checker it knows nothing of the bot's code.
"""

from collections.abc import Iterator, Sequence

from tests.campaign.judging.absences import AWAY
from tests.campaign.judging.readings import NAMED, OPENING, Key, Order, asked_of, day_of, key_of, share_of
from tests.campaign.record import Act, Deed, Record

EVENING = "for the session of"
FATE = "After-market orders of today"
FATES = ((8, 40), (9, 16))
PATIENCE = 120.0  # seconds
FAR = "2,00,000"  # rupees that no session makes or loses
ASKS = "onus or split?"
ANSWERS = ("Adjust", "Keep", "Delete")
WAITS = 180.0  # seconds of an open market in which a new base is asked about


def found(record: Record, orders: Sequence[Order]) -> Iterator[tuple[str, str]]:
    """What is wrong, by kind."""
    yield from (("untold_fates", words) for words in untold_fates(record, orders))
    yield from (("misled", words) for words in misled(record))
    yield from (("unasked_splits", words) for words in unasked_splits(record))


def is_evening(act: Act) -> bool:
    """Whether an act is about an order of an evening for the next session."""
    return EVENING in act.shown


def untold_fates(record: Record, orders: Sequence[Order]) -> Iterator[str]:
    """Evening orders that were not told of at a moment of their morning at which a bot ran."""
    evening: set[Key] = {key for act in record.acts if is_evening(act) for key in asked_of(act)}
    for order in orders:
        if order.asked not in evening or order.channel != "API":
            continue
        for moment in _mornings(record, order.at):
            gone = any(
                each.overlaps(moment - 60.0, moment + PATIENCE)
                for each in record.troubles
                if _stands_in_the_way(each.kind, each.side)
            )
            ended = order.end is not None and day_of(order.end[0]) == day_of(order.at)
            if gone or ended or moment + PATIENCE > record.ended:
                continue
            told = [each for each in record.shown if FATE in each.text and moment - 1.0 <= each.at <= moment + PATIENCE]
            if not any(key_of(match)[::2] == order.key[::2] for each in told for match in NAMED.finditer(each.text)):
                yield f"{order.key} of the evening before was not told of at {moment:.1f}"


def _stands_in_the_way(kind: str, side: str) -> bool:
    return kind in AWAY or side == "telegram" or kind in ("unlinked", "clock_stepped")


def _mornings(record: Record, at: float) -> Iterator[float]:
    """The moments at which the fate of an order of that evening is told: of the one next morning that sessions have."""
    last = day_of(record.ended)
    if last > day_of(at):
        yield from (last * 86_400.0 - OPENING + hour * 3600.0 + minute * 60.0 for hour, minute in FATES)


def _splits(record: Record) -> Iterator[tuple[Deed, str, float]]:
    """Each with its share, and the moment at which a person answered for it."""
    for deed in record.deeds:
        if deed.what == "split":
            share = share_of(deed.detail)
            answers = [act.at for act in record.acts if act.at > deed.at and act.text.startswith(ANSWERS) and share in act.shown]
            yield deed, share, min(answers, default=float("inf"))


def misled(record: Record) -> Iterator[str]:
    """Alerts, stops and P&L exits that took another base for a fall."""
    for split, share, answered in _splits(record):
        for shown in record.shown:
            if shown.what != "message" or not split.at < shown.at < answered:
                continue
            if f"Alert {share}" in shown.text and "is set" not in shown.text and ASKS not in shown.text:
                yield f"an alert on {share} rang at {shown.at:.1f} by its new base"
            if "P&L exit struck" in shown.text and FAR in shown.text:
                yield f"a P&L exit struck at {shown.at:.1f} by the new base of {share}"
        for deed in record.deeds:
            old = deed.what == "order" and split.at < deed.at < answered and deed.detail["channel"] == "API"
            if old and share_of(deed.detail) == share and _is_of_before(deed, split):
                yield f"{deed.detail['side']} {share} at {deed.detail['price']} went at {deed.at:.1f}, on the old base"


def _is_of_before(deed: Deed, split: Deed) -> bool:
    return float(str(deed.detail["price"])) > 1.15 * float(str(split.detail["price"]))


def unasked_splits(record: Record) -> Iterator[str]:
    """A new base of a share with an alert, that nobody was asked about."""
    for split, share, _ in _splits(record):
        alerts = any(act.what == "says" and act.text.startswith(f"/alert {share}") for act in record.acts)
        opened = day_of(record.ended) * 86_400.0 - OPENING + 9.25 * 3600.0
        away = [
            each for each in record.troubles if each.overlaps(opened, record.ended) and _stands_in_the_way(each.kind, each.side)
        ]
        asked = any(ASKS in each.text and share in each.text for each in record.shown if each.at > split.at)
        if alerts and not asked and not away and record.ended > opened + WAITS:
            yield f"{share} lives on another base since {split.at:.1f}, and nobody was asked"
