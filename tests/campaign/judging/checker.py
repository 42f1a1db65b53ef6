"""The judge of a session compares what the exchange did with what the phones showed, and knows nothing of the bot's code.

It reads as a person reads: #12 is an order, "Filled" and "Partly filled 8/20" are fills with their sum, a message rings and an
edit does not. No two orders of a session have the same side, quantity and share, so a reader can tell which is meant.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from tests.campaign.judging import answers, nights, partings, plans
from tests.campaign.judging.absences import counts, is_off, slept_into_another_day
from tests.campaign.judging.licences import Licences
from tests.campaign.judging.readings import (
    AFTER,
    AGAIN,
    ASKS,
    CARD,
    CLOUDS,
    ENDS,
    FALSE_BOOKS,
    FILLS,
    FLAT,
    HARMLESS,
    LIFE,
    NEWS,
    NOBODY,
    NOTHING,
    OPENING,
    Key,
    Order,
    are_told_apart,
    asked_of,
    filled_in,
    first_named,
    flat_at,
    from_elsewhere,
    key_of,
    meant_by,
    numbers_of,
    orders_of,
    states_of,
    truth_of,
    whole,
)
from tests.campaign.record import Act, Record, Shown, Trouble

SLACK = 12.0  # seconds that an order may take from the tap to the exchange
LATE = 16.0  # seconds from the fill, or from the end of the last trouble, in which it is told
LATE_ELSEWHERE = (
    66.0  # the same of an order that was not sent from here, or whose answer got lost: it is looked for ever more rarely
)
GAP = 27.0  # seconds of absence that must be told of; the bot tells of 20, counted from what it noticed
EVENING_LIFE = 600.0  # seconds in which the card of an order for the next session may be confirmed
A_NIGHT = 8 * 3600.0  # seconds; the day that turned meanwhile tells of itself
A_TICK = 0.01  # seconds; the exchange's log rounds


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What is wrong with a session, by kind. Each fault is a sentence that a reader can check."""

    faults: Counter[str]
    fills: int
    wrong: dict[str, list[str]]

    @property
    def clean(self) -> bool:
        return not any(self.wrong.values())


KINDS = (
    "lost", "doubled", "misordered", "unannounced_gaps", "untrue_cards", "silent_ends", "duplicate_orders", "unconfirmed",
    "delayed", "unanswered", "secrets_out", "untrue_gaps", "crossed_zero", "oversold", "unlicensed", "left_over", "untrue_flats",
    "uncovered", "rung_again", "false_figures", "after_parting", "unnamed", "overheard", "unrung_logins", "untold_fates",
    "misled", "unasked_splits",
)  # fmt: skip


def judge(record: Record) -> Verdict:
    """Reads a whole session."""
    return _Judge(record).verdict()


class _Judge:
    def __init__(self, record: Record) -> None:
        self.record = record
        self.wrong: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.orders = orders_of(record.deeds)
        self.by_key: dict[Key, list[Order]] = defaultdict(list)
        for order in self.orders:
            for size in order.sizes:
                self.by_key[order.key[0], size, order.key[2]].append(order)
        self.numbers = numbers_of(record.shown, self.by_key)
        self.foreign, self.named = from_elsewhere(record.shown), first_named(record.shown)
        self.licences = Licences(record)
        self.rung = {chat: [each for each in record.shown if each.chat == chat] for chat in record.chats}
        self.unknown = {
            key_of(match) for shown in record.shown for match in NEWS.finditer(shown.text) if match["title"] == "Outcome unknown"
        }
        self.cancels = [act for act in record.acts if act.text.startswith(("Cancel", "/cancel", "Close these"))]

    def verdict(self) -> Verdict:
        self._sent_once_and_confirmed()
        for chat in self.record.chats:
            for order in self.orders:
                if self._is_told_apart(order):
                    self._fills(order, chat)
                    self._end(order, chat)
            self._not_found(chat)
            self._cards(chat)
            self._gaps(chat)
            self._missed(chat)
        self._ways_out()
        for kind, words in chain(
            answers.found(self.record),
            plans.found(self.record, self.orders),
            partings.found(self.record, self.orders, self.licences),
            nights.found(self.record, self.orders),
        ):
            self._note(kind, words)
        faults = Counter(trouble.kind for trouble in self.record.troubles)
        return Verdict(faults=faults, fills=sum(len(order.fills) for order in self.orders), wrong=self.wrong)

    def _note(self, kind: str, words: str) -> None:
        self.wrong[kind].append(f"seed {self.record.seed}: {words}")

    # What was sent.

    def _sent_once_and_confirmed(self) -> None:
        taps: dict[Key, set[int]] = defaultdict(set)
        for act in self.record.acts:
            if act.what == "taps" and act.at - self._asked_at(act) <= _life(act):
                for key in asked_of(act):
                    taps[key].add(act.message)
        for key, orders in self.by_key.items():
            sent = [each for each in orders if each.channel == "API" and each.asked == key and each.id not in self.licences.exits]
            if len(sent) > max(len(taps[key]), 1):
                self._note("duplicate_orders", f"{len(sent)} orders {key} for {len(taps[key])} confirmed cards")
            elif len(sent) > len(taps[key]):
                self._note("unconfirmed", f"{key} was sent at {sent[0].at:.1f} and no card of it was confirmed in its time")
            taps_on = [act for act in self.record.acts if key in asked_of(act)] if sent else []
            for order in sent:
                if not any(self._opens(tap, order.at) for tap in taps_on):
                    self._note("unconfirmed", f"{key} went at {order.at:.1f}, when no card of it was open")

    def _opens(self, tap: Act, at: float) -> bool:
        """Whether an order may go at that moment by this tap."""
        in_time = tap.at <= at + A_TICK <= self._asked_at(tap) + _life(tap) + SLACK
        return in_time and counts(self.record, tap, at)

    def _ways_out(self) -> None:
        """Ways out: each has its licence, none closes more than is open, and none stays when its position is gone."""
        for deed in self.licences.ways_out():
            if self.licences.license_of(deed) is None:
                self._note("unlicensed", f"{deed.detail['name']} {deed.detail['quantity']} was closed at {deed.at:.1f}")
        self.wrong["oversold"] += [f"seed {self.record.seed}: {words}" for words in self.licences.oversold]
        self.wrong["crossed_zero"] += [f"seed {self.record.seed}: {words}" for words in self.licences.crossed]
        self.wrong["left_over"] += [f"seed {self.record.seed}: {words}" for words in self.licences.left_over()]
        for shown in self.record.shown:
            if shown.what != "message" or not FLAT.search(shown.text):
                continue
            rows = self.licences.open_at(shown.at) and self.licences.open_at(flat_at(shown))
            false = [each for each in self.record.troubles if each.kind in FALSE_BOOKS]
            if rows and not any(each.overlaps(shown.at - 90.0, shown.at) for each in false):
                self._note("untrue_flats", f"flat was said at {shown.at:.1f}, and {rows} were open")

    def _asked_at(self, tap: Act) -> float:
        """When the card that was tapped was drawn last."""
        times = [each.at for each in self.rung[tap.chat] if each.message == tap.message and each.text == tap.shown]
        return max((at for at in times if at <= tap.at), default=float("-inf"))

    # What was told.

    def _tellings(self, order: Order, chat: int) -> list[tuple[Shown, int, str]]:
        """What the phone showed of an order's fills: the message, how much in all, and its title."""
        told: list[tuple[Shown, int, str]] = []
        for shown in self.rung[chat]:
            if shown.what not in ("message", "edit"):
                continue
            told.extend(
                (shown, whole(match["part"] or match["size"]), match["title"])
                for match in NEWS.finditer(shown.text)
                if self._means(match, order) and match["title"] in FILLS
            )
            if "rom elsewhere" in shown.text or "Found in the order book" in shown.text:
                told.extend((shown, amount, "state") for amount in filled_in(shown.text, order.key, self.numbers.get(order.id)))
        return told

    def _means(self, match: re.Match[str], order: Order) -> bool:
        """Whether words name this order: by its number where several have the same side, quantity and share."""
        side, size, share = key_of(match)
        same = (side, share) == (order.key[0], order.key[2]) and size in order.sizes
        number = self.numbers.get(order.id)
        return same and (number is None or number == int(match["number"]))

    def _is_told_apart(self, order: Order) -> bool:
        return order.id in self.numbers or all(len(self.by_key[order.key[0], size, order.key[2]]) == 1 for size in order.sizes)

    def _fills(self, order: Order, chat: int) -> None:
        told = self._tellings(order, chat)
        name = f"{order.key} in {chat}"
        true = [0, *(amount for _, amount in order.fills)]
        most, by_message, first_of = 0, dict[int, int](), dict[int, int]()
        for shown, amount, title in told:
            if amount not in true or amount > max((done for at, done in order.fills if at <= shown.at + A_TICK), default=0):
                self._note("doubled", f"{name}: {title} {amount} at {shown.at:.1f}, which is not true then")
                continue
            before = by_message.get(shown.message, 0)
            if amount < before or (shown.what == "message" and amount < most):
                self._note("misordered", f"{name}: {title} {amount} at {shown.at:.1f} after {max(most, before)}")
            elif shown.what == "message" and title != "state" and amount in first_of and not AGAIN.search(shown.text):
                self._note("doubled", f"{name}: {title} {amount} again at {shown.at:.1f} without its number")
            by_message[shown.message] = amount
            if title != "state":
                first_of.setdefault(amount, shown.message)
            most = max(most, amount)
        if most < order.filled and slept_into_another_day(self.record, next(at for at, done in order.fills if done > most)):
            return
        if most < order.filled:
            missing = sum(amount > most and self._owes(chat, at, order) for at, amount in order.fills)
            self.wrong["lost"] += [f"seed {self.record.seed}: {name}: {most} told of {order.filled}"] * missing
            return
        if order.is_whole and self._owes(chat, order.fills[-1][0], order) and not self._rang_whole(told, order):
            self._note("silent_ends", f"{name}: the whole fill did not ring")
        self._in_time(order, told, chat, name)

    def _rang_whole(self, told: Sequence[tuple[Shown, int, str]], order: Order) -> bool:
        return any(shown.what == "message" and not shown.silent and amount == order.key[1] for shown, amount, _ in told)

    def _in_time(self, order: Order, told: Sequence[tuple[Shown, int, str]], chat: int, name: str) -> None:
        """Each fill within its time, counted from the end of what stood in the way of this phone."""
        for at, amount in order.fills:
            heard = min((shown.at for shown, sum_, _ in told if sum_ >= amount), default=None)
            clear = self._clear_from(at, chat, order)
            if heard is not None and heard > clear + self._patience(order):
                self._note("delayed", f"{name}: {amount} filled at {at:.1f}, the way clear from {clear:.1f}, told at {heard:.1f}")

    def _clear_from(self, at: float, chat: int, order: Order) -> float:
        """The first moment from which nothing that goes wrong holds news up for this phone."""
        moment = max(at, order.at)
        for trouble in sorted(self.record.troubles, key=lambda each: each.began):
            hit = self._hit(trouble)
            if trouble.kind in HARMLESS or (hit is not None and hit != chat):
                continue
            end = trouble.ended + AFTER.get(trouble.kind, 0.0)
            if trouble.began <= moment + self._patience(order) and end > moment:
                moment = end
        return moment

    def _patience(self, order: Order) -> float:
        return LATE_ELSEWHERE if order.channel != "API" or order.key in self.unknown else LATE

    def _owes(self, chat: int, at: float, order: Order) -> bool:
        """Whether this phone has to be told of what happened then: its person is on the list until that is due."""
        return not is_off(self.record, chat, at, self._clear_from(at, chat, order) + self._patience(order))

    def _hit(self, trouble: Trouble) -> int | None:
        """The only chat that a trouble concerns. A call that hangs is done: it is the first whose message came."""
        if trouble.kind != "hanging":
            return trouble.chat
        after = [each for each in self.record.shown if each.what == "message" and each.message > trouble.newest]
        return min(after, key=lambda each: each.message).chat if after else None

    def _end(self, order: Order, chat: int) -> None:
        if order.end is None or order.is_whole:
            return
        at, what = order.end
        if slept_into_another_day(self.record, at):
            return
        wished = what == "cancelled" and not order.filled and any(act.at <= at + A_TICK for act in self.cancels)
        makes_room = what == "cancelled" and not order.filled and order.stops  # its plan took it away for an exit
        if wished or makes_room or not self._owes(chat, at, order):
            return
        for shown in self.rung[chat]:
            titles = [match["title"] for match in NEWS.finditer(shown.text) if self._means(match, order)]
            rang = shown.what == "message" and not shown.silent
            if rang and shown.at >= at - A_TICK and (ENDS[what] in titles or (what == "rejected" and "Refused" in titles)):
                return
            if (
                rang
                and shown.at >= at - A_TICK
                and ("elsewhere" in shown.text or "Found in" in shown.text)
                and what in states_of(shown.text, order.key, self.numbers.get(order.id))
            ):
                return
        self._note("silent_ends", f"{order.key} in {chat}: {what} at {at:.1f} did not ring")

    def _not_found(self, chat: int) -> None:
        for shown in self.rung[chat]:
            for match in NEWS.finditer(shown.text):
                key, number = key_of(match), match["number"]
                if match["title"] != "Outcome unknown" or shown.what != "message" or self.by_key.get(key):
                    continue
                rang = any(
                    each.what == "message" and not each.silent and f"Not found #{number} " in each.text
                    for each in self.rung[chat]
                )
                if (
                    not rang
                    and self.record.ended - shown.at > 195.0
                    and not is_off(self.record, chat, shown.at, shown.at + 250.0)
                ):
                    self._note("silent_ends", f"{key} in {chat}: never found, and that did not ring")

    # What the cards show at the end.

    def _cards(self, chat: int) -> None:
        last: dict[int, Shown] = {}
        for shown in self.rung[chat]:
            if shown.what == "delete":
                last.pop(shown.message, None)
            elif shown.what in ("message", "edit") and not is_off(self.record, chat, shown.at, self.record.ended):
                last[shown.message] = shown  # nothing of before is drawn any more for somebody who was taken off the list
        taps = [act for act in self.record.acts if act.chat == chat and act.what == "taps"]
        confirmed = {tap.message for tap in taps if tap.text.startswith(("Confirm", "Yes", "Close these"))}
        for message, shown in last.items():
            match = CARD.match(shown.text)
            if match is not None:
                self._card(match, shown, chat)
            elif message in confirmed and ASKS.search(shown.text):
                what = " ".join(shown.text.splitlines()[0].split())
                self._note("untrue_cards", f"{what} in {chat}: still asks, though it was confirmed")

    def _card(self, match: re.Match[str], shown: Shown, chat: int) -> None:
        orders, state = meant_by(match, self.by_key, self.foreign, self.named), match["state"]
        if len(orders) != 1:
            gone = ("unknown", "not sent", "rejected", "closed by you")
            if not orders and not any(word in state for word in gone):
                self._note("untrue_cards", f"{key_of(match)} in {chat}: “{state}”, and there is no such order")
            return
        (order,) = orders
        if "unknown" in state and not are_told_apart(order.key, orders, self.named, self.foreign):
            return
        if (wanted := truth_of(order, shown.at)) and not re.search(wanted, f"{match['part'] or ''}|{state}"):
            self._note("untrue_cards", f"{order.key} in {chat}: “{state}” at the end, and the truth is {wanted}")

    # What was missed.

    def _gaps(self, chat: int) -> None:
        backs = [shown.at for shown in self.rung[chat] if shown.what == "message" and "Back. " in shown.text]
        for trouble in self.record.troubles:
            if trouble.chat is None and self._is_gap(trouble):
                until = self._clear_from(trouble.ended, chat, NOBODY) + LATE + 60.0
                off = is_off(self.record, chat, trouble.began, until)
                if (
                    until < self.record.ended + LATE + 60.0
                    and not off
                    and not any(trouble.ended - 1.0 <= at <= until for at in backs)
                ):
                    self._note("unannounced_gaps", f"{trouble.kind} {trouble.began:.1f}-{trouble.ended:.1f} in {chat}")

    def _missed(self, chat: int) -> None:
        """Nobody says that nothing was missed of what filled in a gap and was told at its end."""
        if any(trouble.kind == "clock_stepped" for trouble in self.record.troubles):
            return
        for shown in self.rung[chat]:
            match = NOTHING.search(shown.text) if shown.what == "message" else None
            if match is None:
                continue
            since, until = (sum(int(part) * 60 ** (2 - place) for place, part in enumerate(match[n].split(":"))) for n in (1, 2))
            for order in self.orders:
                for at, amount in order.fills if order.channel == "API" and order.at < since - OPENING else ():
                    heard = min((each.at for each, told, _ in self._tellings(order, chat) if told >= amount), default=0.0)
                    if since - OPENING + 1.0 < at < until - OPENING - 1.0 <= heard:
                        self._note(
                            "untrue_gaps", f"{order.key} in {chat}: filled at {at:.1f} in a gap in which nothing was missed"
                        )

    def _is_gap(self, trouble: Trouble) -> bool:
        lasted = trouble.ended - trouble.began
        others = [
            other
            for other in self.record.troubles
            if other is not trouble and other.overlaps(trouble.began - 15, trouble.ended + 5)
        ]
        if any(other.kind in CLOUDS for other in others):
            return False  # which of two absences it was is not for this reader to say
        if trouble.kind in ("killed", "stopped"):
            return GAP < lasted < A_NIGHT and self._at_stake(trouble.began)
        if trouble.kind == "books_away":
            return lasted > GAP and self._at_stake(trouble.began) and self._at_stake(trouble.ended)
        return False

    def _at_stake(self, moment: float) -> bool:
        return any(
            order.channel == "API"
            and order.at < moment - 3.0
            and (order.end is None or order.end[0] > moment)
            and (not order.is_whole or order.fills[-1][0] > moment + A_TICK)
            for order in self.orders
        )


def _life(tap: Act) -> float:
    """Seconds in which the card that was tapped could be confirmed."""
    return EVENING_LIFE if nights.is_evening(tap) else LIFE
