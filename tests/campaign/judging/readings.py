"""How the judge of a session reads: the words on a phone, the log of the exchange, and which trouble excuses what.

It knows nothing of the bot's code.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.campaign.record import Act, Deed, Shown

Key = tuple[str, int, str]  # side, quantity, share

_SHARE = r"(?P<share>[A-Z&]+(?: \d+ ?[CP]E| FUT)?)"
_ORDER = rf"#(?P<number>\d+) (?P<side>BUY|SELL) (?:(?P<part>[\d,]+)/)?(?P<size>[\d,]+) {_SHARE}"
_CONTRACT = re.compile(r"(?:[A-Z&]+ )?(?P<strike>\d{3,}) ?(?P<kind>[CP]E)")  # NIFTY 24500 CE, NF 24500CE, 24500 CE
_FUTURE = re.compile(r"(?P<share>[A-Z&]+?)\d\d[A-Z]{3}FUT")  # INFY26DECFUT
_LISTED = re.compile(r"NIFTY\w+?(?P<strike>\d{5})(?P<kind>[CP]E)")  # NIFTY26NOV24500CE
NAMED = re.compile(_ORDER)
STOPS = ("STOPLOSS_LIMIT", "STOPLOSS_MARKET")
_SIGN = "(?:(?:✅|✖️|❔|⏳) )?"
_TITLES = "Partly filled|Filled|Rejected|Refused|Not sent|Cancelled|Expired|Not found|Outcome unknown"
NEWS = re.compile(rf"(?P<title>{_TITLES}) {_ORDER}")
CARD = re.compile(rf"^(?:[^\w\s]+ )?{_SIGN}{_ORDER}(?: ·[^\n]*)?\n(?:\d+ [A-Z][a-z]{{2}} \(\w+[^\n]*\)\n)?(?P<state>[^\n]*)")
ELSEWHERE = re.compile(rf"^{_SIGN}{_ORDER}(?: \d+[A-Z][a-z]{{2}}| ·[^\n]*)?(?::? |\n)(?P<state>[^\n]*)", re.MULTILINE)
QUESTION = re.compile(r"^(?:[^\w\s]+ )?(?P<side>BUY|SELL) (?P<size>[\d,]+) " + _SHARE + r"(?:\s|$)")
BASKET_ROW = re.compile(r"^\d+ (?P<side>BUY|SELL) +(?P<size>[\d,]+) (?P<share>[A-Z&]+|\d+ [CP]E)(?:\s|,|$)", re.MULTILINE)
TURNED_ROW = re.compile(r"^\d (?P<side>BUY|SELL) +(?P<size>[\d,]+), opens", re.MULTILINE)
ASKS = re.compile(r"^ *until \d\d:\d\d:\d\d$", re.MULTILINE)  # the last row of a question
AGAIN = re.compile(r" · n (\d+)")
NOTHING = re.compile(r"Back\. .*?(\d\d:\d\d:\d\d)-(\d\d:\d\d:\d\d)\. Nothing was missed")
OPENING = 9 * 3600.0  # seconds of the day in India at which a session begins
STATE_FILLED = re.compile(r"([\d,]+) filled")

LIFE = 60.0  # seconds in which a card may be confirmed
FLAT = re.compile(r"\bFlat at (\d\d):(\d\d):(\d\d)")
FALSE_BOOKS = frozenset({"book_empty", "book_late", "book_shrinks", "rows_dropped", "changes_late"})  # books that lie

FILLS = ("Filled", "Partly filled")
ENDS = {"cancelled": "Cancelled", "rejected": "Rejected", "expired": "Expired"}

# Troubles that hold up no news: the books are read all the same, or the tap is the person's own business.
HARMLESS = frozenset(
    {
        "socket_dropped", "socket_refused", "socket_cut_at_order", "socket_mute", "socket_half_open", "order_frames_lost",
        "order_frames_late", "frames_doubled", "frames_reordered", "frames_framed", "order_frames_binary", "frames_garbled",
        "ticks_stalled", "rows_shuffled", "tags_missing", "trades_late", "cancel_not_final", "clock_stepped", "fill_in_parts",
        "place_as_object", "place_in_mock_form", "success_called_false", "part_then_cancelled", "part_then_rejected",
        "part_then_expired", "fill_late", "order_rejected", "rejected_later", "login_elsewhere", "off_the_list",
    }
)  # fmt: skip
AFTER = {
    "flood": 20.0,
    "hanging": 25.0,
    "telegram_down": 30.0,
    "telegram_down_for_an_hour": 45.0,
    "answer_late": 60.0,
    "session_ended": 60.0,
    "other_login": 60.0,
    "unlinked": 30.0,
}
CLOUDS = frozenset(
    {
        "killed",
        "logged_out",
        "stopped",
        "books_away",
        "telegram_down",
        "telegram_down_for_an_hour",
        "session_ended",
        "clock_stepped",
        "blocked",
        "token_expired",
        "guest_blocks",
        "book_empty",
        "book_late",
        "changes_late",
        "rows_dropped",
        "rate_limited",
        "book_shrinks",
        "chat_not_found",
        "other_login",
        "unlinked",
        "off_the_list",
    }
)


@dataclass(slots=True)
class Order:
    """An order at the exchange, as its log has it."""

    id: str
    key: Key
    asked: Key  # as it was placed
    at: float
    channel: str
    price: int
    stops: bool = False  # it waits for a trigger
    sizes: set[int] = field(default_factory=set)  # that it ever had: a stop follows its position
    fills: list[tuple[float, int]] = field(default_factory=list)  # when, and how much in all then
    end: tuple[float, str] | None = None

    @property
    def filled(self) -> int:
        return self.fills[-1][1] if self.fills else 0

    @property
    def is_whole(self) -> bool:
        return self.filled >= self.key[1]


NOBODY = Order(id="", key=("", 0, ""), asked=("", 0, ""), at=0.0, channel="", price=0)


def asked_of(act: Act) -> list[Key]:
    """The orders whose card was confirmed by this tap: one, or those of a basket."""
    if not act.text.startswith("Confirm"):
        return []
    if act.shown.startswith("REVERSE"):
        share = act.shown.splitlines()[1]
        return [(match["side"], whole(match["size"]), share) for match in TURNED_ROW.finditer(act.shown)]
    if act.shown.startswith("BASKET"):
        return [key_of(match) for match in BASKET_ROW.finditer(act.shown)]
    match = QUESTION.match(act.shown)
    return [key_of(match)] if match is not None else []


def whole(digits: str) -> int:
    return int(digits.replace(",", ""))


def key_of(match: re.Match[str]) -> Key:
    return match["side"], whole(match["size"]), _share(match["share"])


def _share(name: str) -> str:
    """One spelling of a name, however it stands on a card."""
    match = _CONTRACT.fullmatch(name)
    return name if match is None else f"NF {match['strike']}{match['kind']}"


def share_of(detail: dict[str, object]) -> str:
    """The same of a line of the exchange's log."""
    name = str(detail["name"]).removesuffix("-EQ")
    if (future := _FUTURE.fullmatch(name)) is not None:
        return f"{future['share']} FUT"
    match = _LISTED.fullmatch(name)
    return name if match is None else f"NF {match['strike']}{match['kind']}"


def names(shown: str, share: str) -> bool:
    """Whether a card names a share."""
    match = _CONTRACT.fullmatch(share)
    words = re.escape(share) if match is None else rf"{match['strike']} ?{match['kind']}"
    return re.search(rf"(?<![A-Z&]){words}(?![A-Z&])", shown) is not None


def orders_of(deeds: Sequence[Deed]) -> list[Order]:
    orders: dict[str, Order] = {}
    for deed in deeds:
        detail = deed.detail
        if deed.what == "order":
            key = (str(detail["side"]), int(str(detail["quantity"])), share_of(detail))
            order = Order(
                id=deed.order, key=key, asked=key, at=deed.at,
                channel=str(detail["channel"]), price=int(str(detail["price"])), stops=str(detail.get("kind")) in STOPS,
                sizes={int(str(detail["quantity"]))},
            )  # fmt: skip
            orders[deed.order] = order
            if detail["status"] == "Rejected":
                order.end = (deed.at, "rejected")
        elif deed.what == "fill":
            orders[deed.order].fills.append((deed.at, int(str(detail["filled"]))))
        elif deed.what == "modified":
            order = orders[deed.order]
            order.price = int(str(detail["price"]))
            order.key = (order.key[0], int(str(detail.get("quantity", order.key[1]))), order.key[2])
            order.sizes.add(order.key[1])
        elif deed.what in ENDS:
            orders[deed.order].end = (deed.at, deed.what)
    return list(orders.values())


def flat_at(shown: Shown) -> float:
    """The moment that "Flat at" names: the message may come later."""
    match = FLAT.search(shown.text)
    assert match is not None
    hours, minutes, seconds = map(int, match.groups())
    midnight = day_of(shown.at) * 86_400.0 - OPENING
    return min(midnight + hours * 3600 + minutes * 60 + seconds + 1.0, shown.at)


def day_of(moment: float) -> int:
    return int((moment + OPENING) // 86_400)


def numbers_of(shown: Sequence[Shown], by_key: dict[Key, list[Order]]) -> dict[str, int]:
    """The day's number of each order that shares side, quantity and share with another: both count upwards.

    Which are from elsewhere their news says. Those count from when they are seen, so two of them are not told apart.
    """
    seen: dict[tuple[Key, int], set[int]] = defaultdict(set)
    foreign = from_elsewhere(shown)
    for each in shown:
        for match in NAMED.finditer(each.text):
            seen[key_of(match), day_of(each.at)].add(int(match["number"]))
    found: dict[str, int] = {}
    for key, orders in by_key.items():
        for day in {day_of(order.at) for order in orders} if len(orders) > 1 else ():
            for ours in (True, False):
                mine = [order for order in orders if day_of(order.at) == day and (order.channel == "API") is ours]
                numbers = {number for number in seen[key, day] if ((key, number) not in foreign) is ours}
                if len(mine) == len(numbers) and (ours or len(mine) == 1):
                    pairs = zip(sorted(mine, key=lambda order: order.at), sorted(numbers), strict=True)
                    found.update((order.id, number) for order, number in pairs)
    return found


def from_elsewhere(shown: Sequence[Shown]) -> set[tuple[Key, int]]:
    """The orders that were told as sent from elsewhere, by what they are and by number."""
    pieces = (piece for each in shown for piece in each.text.split("\n\n") if "rom elsewhere" in piece)  # of a digest, one alone
    told = (match for piece in pieces for match in ELSEWHERE.finditer(piece))
    return {(key_of(match), int(match["number"])) for match in told}


def first_named(shown: Sequence[Shown]) -> dict[tuple[Key, int], float]:
    """When each order was first told of, by what it is and by number."""
    found: dict[tuple[Key, int], float] = {}
    for each in shown:
        for match in NAMED.finditer(each.text):
            found.setdefault((key_of(match), int(match["number"])), each.at)
    return found


def meant_by(
    match: re.Match[str],
    by_key: dict[Key, list[Order]],
    foreign: set[tuple[Key, int]],
    named: dict[tuple[Key, int], float],
) -> list[Order]:
    """The orders that a card may be about: of the day of its number, and of the app or of the bot where that tells which."""
    key, number = key_of(match), int(match["number"])
    day = day_of(named[key, number]) if (key, number) in named else None
    orders = [order for order in by_key.get(key, ()) if day in (None, day_of(order.at))]
    numbers = {other for each, other in foreign if each == key}
    return [order for order in orders if (order.channel != "API") is (number in numbers)] if numbers else orders


def _rows(text: str, key: Key, number: int | None) -> Iterator[re.Match[str]]:
    """The rows of a message that name an order. number: of the day, where others have its side, quantity and share."""
    for match in ELSEWHERE.finditer(text):
        if key_of(match) == key and number in (None, int(match["number"])):
            yield match


def states_of(text: str, key: Key, number: int | None) -> str:
    return " ".join(match["state"] for match in _rows(text, key, number))


def filled_in(text: str, key: Key, number: int | None) -> Iterator[int]:
    """How much an order that stands in a message is said to have filled."""
    for match in _rows(text, key, number):
        if match["state"].startswith("filled"):
            yield key[1]
        elif match["part"]:
            yield whole(match["part"])
        elif (some := STATE_FILLED.search(match["state"])) is not None:
            yield whole(some[1])


def are_told_apart(key: Key, orders: Sequence[Order], named: dict[tuple[Key, int], float], foreign: set[tuple[Key, int]]) -> bool:
    """Whether as many of ours were named as there are. One that nobody received may have shared its words with another."""
    days = {day_of(order.at) for order in orders}
    ours = [each for each, at in named.items() if each[0] == key and day_of(at) in days and each not in foreign]
    return len(ours) <= len(orders)


def truth_of(order: Order, said_at: float) -> str:
    """What an order's card has to say at the end, as an expression over part and state."""
    end = {"cancelled": "cancelled", "rejected": "rejected|not sent", "expired": "expired"}[order.end[1]] if order.end else ""
    if order.end is not None and not order.filled and day_of(said_at) > day_of(order.end[0]):
        return f"cancelled|expired|{end}"  # its book is gone with its day, unless somebody saw it or mStock shows it on
    if order.is_whole:
        return r"\|filled"
    if end:
        return end
    if order.filled:
        return rf"{order.filled}\|partly"
    return rf"(open at|waiting for|rests at|then|max|limit).*{order.price / 100:,.2f}" if order.price else ""


def could_answer(words: str, text: str) -> bool:
    """Whether this could be the answer to an order in words: its card, a refusal, an offer to do it now, or a question."""
    figures = "|".join(word for word in words.split() if word.isdigit())
    refusal = r"Not sent|Nothing was|Typed |stopped|mStock|[Ll]og in|id [0-9a-f]{4}"
    return bool(re.search(rf"\b(BUY|SELL) ({figures})\b|{refusal}", text))
