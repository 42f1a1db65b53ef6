"""What plans have to keep beside their licences: leg order, one ring for one strike, and figures that are the exchange's.

Like the checker it knows nothing of the bot's code.
"""

import re
from collections.abc import Iterator, Sequence

from tests.campaign.judging.readings import AGAIN, BASKET_ROW, Key, Order, day_of, key_of, share_of, whole
from tests.campaign.record import Act, Record

A_TICK = 0.01  # seconds; the log of the exchange rounds
SENT_AFTER = re.compile(r"sent after (?P<first>\d)")
BARE = ("Go on", "Yes")  # the person lets a leg go without its cover
HELD = re.compile(
    r"^(?P<share>[A-Z&]+(?: \d+[CP]E| FUT)?)(?: \d+[A-Z][a-z]{2})? "
    r"(?P<product>MIS|NRML)\s+(?:today\s+)?(?P<sign>[+−])(?P<size>[\d,]+)(?!\S)",
    re.MULTILINE,
)
BOOKED = re.compile(r"^Booked today +(?P<sign>[+−]?)(?P<rupees>[\d,.]+)", re.MULTILINE)
PRODUCTS = {"INTRADAY": "MIS", "CARRYFORWARD": "NRML"}


def found(record: Record, orders: Sequence[Order]) -> Iterator[tuple[str, str]]:
    """What is wrong, by kind."""
    yield from (("uncovered", words) for words in uncovered(record, orders))
    yield from (("rung_again", words) for words in rung_again(record))
    yield from (("false_figures", words) for words in false_figures(record, orders))


def uncovered(record: Record, orders: Sequence[Order]) -> Iterator[str]:
    """Legs of a basket that went before what they wait for had filled whole."""
    for act in record.acts:
        if act.what != "taps" or not act.text.startswith("Confirm") or not act.shown.startswith("BASKET"):
            continue
        for leg, first in _waiting(act.shown):
            sent, cover = _sent(orders, leg, act.at), _sent(orders, first, act.at)
            filled = cover is not None and cover.is_whole and cover.fills[-1][0]
            if sent is None or (filled and filled <= sent.at + A_TICK):
                continue
            if not any(each.text.startswith(BARE) and act.at < each.at <= sent.at + A_TICK for each in record.acts):
                yield f"{leg} went at {sent.at:.1f}, before {first} was filled"


def _waiting(shown: str) -> Iterator[tuple[Key, Key]]:
    """The legs that wait, each with the leg that it waits for."""
    rows = {match[0].split(maxsplit=1)[0]: match for match in BASKET_ROW.finditer(shown)}
    for number, match in rows.items():
        behind = shown[match.end() :]
        until = min((each.start() for each in BASKET_ROW.finditer(behind)), default=len(behind))
        after = SENT_AFTER.search(behind[:until])
        if after is not None and after["first"] in rows and number != after["first"]:
            yield key_of(match), key_of(rows[after["first"]])


def _sent(orders: Sequence[Order], key: Key, since: float) -> Order | None:
    return next((order for order in orders if order.asked == key and order.channel == "API" and order.at >= since - A_TICK), None)


def rung_again(record: Record) -> Iterator[str]:
    """Strikes that rang oftener than there was something to strike."""
    for chat in record.chats:
        rung = [
            each.text for each in record.shown if each.chat == chat and each.what == "message" and not AGAIN.search(each.text)
        ]
        struck = sum("P&L exit struck." in text for text in rung)
        if struck > (asked := sum(_begins_a_pnl_exit(act) for act in record.acts)):
            yield f"{struck} P&L exits struck in {chat}, and {asked} were confirmed"
        alerts = sum(bool(re.search(r"\bAlert [A-Z&]+\b", text)) and "is set" not in text for text in rung)
        if alerts > (asked := sum(act.what == "says" and act.text.startswith("/alert") for act in record.acts)):
            yield f"{alerts} alerts rang in {chat}, and {asked} were asked for"


def _begins_a_pnl_exit(act: Act) -> bool:
    return act.what == "taps" and "P&L EXIT" in act.shown and act.text.startswith("Confirm")


def false_figures(record: Record, orders: Sequence[Order]) -> Iterator[str]:
    """What the positions were said to be at the end, where the exchange has others."""
    if record.figures_at is None:
        return
    shown = next((each for each in record.shown if each.at >= record.figures_at and each.text.startswith("POSITIONS")), None)
    if shown is None:
        return
    said = {
        (match["share"], match["product"]): whole(match["size"]) * (1 if match["sign"] == "+" else -1)
        for match in HELD.finditer(shown.text)
    }
    true = {
        (share_of({"name": name}), PRODUCTS[product]): net for (name, product), net in record.held.items() if product in PRODUCTS
    }
    if said != true:
        yield f"positions were said to be {said}, and the exchange has {true}"
    match = BOOKED.search(shown.text)
    days = {day_of(at) for order in orders for at, _ in order.fills}
    # Of a row that is open in part it counts the first bought as the first sold, of a carried one from the close before.
    if match is not None and not record.held and len(days) < 2:
        booked = float(match["rupees"].replace(",", "")) * (-1 if match["sign"] == "−" else 1)
        if abs(booked - record.booked) > 0.011:
            yield f"{booked:.2f} was said to be booked, and the exchange has {record.booked:.2f}"
