"""What nobody may do or hear once an account is unlinked or a person is off the list, and that a login elsewhere rings.

Like the checker it knows nothing of the bot's code.
"""

import re
from collections.abc import Iterator, Sequence

from tests.campaign.judging.absences import A_MOMENT, is_off, partings
from tests.campaign.judging.licences import PLANNED, Licences
from tests.campaign.judging.readings import CLOUDS, NAMED, Order, key_of
from tests.campaign.record import Record

SEEN = 5.0  # seconds in which the books of before may not have been read anew
TOLD = 100.0  # seconds in which a session that ended before its time is noticed and told
APART = 130.0  # seconds after which a login is tried again in any case
SESSIONS = frozenset({"other_login", "session_ended", "logged_out", "unlinked", "token_expired", "clock_stepped"})
MORE = re.compile(r"^and \d+ more$", re.MULTILINE)


def found(record: Record, orders: Sequence[Order], licences: Licences) -> Iterator[tuple[str, str]]:
    """What is wrong, by kind."""
    yield from (("after_parting", words) for words in sent_unlinked(record))
    yield from (("unnamed", words) for words in unnamed(record, orders, licences))
    yield from (("overheard", words) for words in overheard(record))
    yield from (("unrung_logins", words) for words in unrung_logins(record))


def sent_unlinked(record: Record) -> Iterator[str]:
    """Orders and changes of an account that was not linked."""
    for trouble, heard in partings(record, "unlinked"):
        for deed in record.deeds:
            ours = deed.what == "modified" or (deed.what == "order" and deed.detail["channel"] == "API")
            if ours and heard + A_MOMENT < deed.at < trouble.ended:
                yield f"{deed.what} {deed.order} at {deed.at:.1f}, when the account was unlinked since {heard:.1f}"


def unnamed(record: Record, orders: Sequence[Order], licences: Licences) -> Iterator[str]:
    """Open orders and positions that the question whether to unlink did not name."""
    for act in record.acts:
        if (
            act.what != "taps"
            or not act.text.startswith("Yes, unlink")
            or "could not be read" in act.shown
            or MORE.search(act.shown)
        ):
            continue
        asked = min(each.at for each in record.shown if each.chat == act.chat and each.message == act.message)
        if any(each.kind in CLOUDS and each.overlaps(asked - 60.0, asked) for each in record.troubles):
            continue
        named = {key_of(match) for match in NAMED.finditer(act.shown)}
        for order in orders:
            over = min(
                [order.end[0] if order.end else float("inf"), *(at for at, amount in order.fills if amount >= order.key[1])]
            )
            moved = any(asked - SEEN <= at <= asked for at, _ in order.fills)
            if order.channel == "API" and order.at < asked - SEEN and over > asked and not moved and order.key not in named:
                yield f"{order.key} was open at {asked:.1f}, and the question to unlink did not name it"
        for (share, product), row in licences.rows.items():
            have = row.at(asked)
            stands = all(row.at(asked - wait) == have for wait in (1.0, 2.5, SEEN))
            if (
                have
                and stands
                and product in PLANNED
                and not re.search(rf"{'+' if have > 0 else '−'}{abs(have):,} ".replace("+", r"\+"), act.shown)
            ):
                yield f"{have} {share} were open at {asked:.1f}, and the question to unlink did not name them"


def overheard(record: Record) -> Iterator[str]:
    """What was shown to a person who was off the list."""
    for trouble, heard in partings(record, "off_the_list"):
        for shown in record.shown:
            if shown.chat != trouble.chat or shown.what == "delete" or not heard + A_MOMENT < shown.at < trouble.ended:
                continue
            if not any(each.side == "telegram" and each.overlaps(heard - 30.0, shown.at) for each in record.troubles):
                said = " ".join(shown.text.split())[:60]
                yield f"“{said}” was shown at {shown.at:.1f} to a person off the list since {heard:.1f}"


def unrung_logins(record: Record) -> Iterator[str]:
    """Logins elsewhere that ended our session, and that nobody was told of."""
    for trouble in record.troubles:
        near = [
            each for each in record.troubles if each is not trouble and each.overlaps(trouble.began - APART, trouble.ended + TOLD)
        ]
        if trouble.kind != "other_login" or trouble.ended + TOLD > record.ended:
            continue
        if any(each.kind in SESSIONS or each.side == "telegram" or each.kind in CLOUDS for each in near):
            continue
        for chat in record.chats:
            rang = [
                each.text for each in record.shown
                if each.chat == chat and each.what == "message" and not each.silent
                and trouble.began <= each.at <= trouble.ended + TOLD
            ]  # fmt: skip
            off = is_off(record, chat, trouble.began, trouble.ended + TOLD)
            if not off and not any("ended our session" in text or "session lost" in text for text in rang):
                yield f"somebody logged in elsewhere at {trouble.began:.1f}, and that did not ring in {chat}"
