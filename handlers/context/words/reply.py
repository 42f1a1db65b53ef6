"""What the words of a short reply ask for: a stop, a target, a trail, new terms, or an act by its name."""

import re
from collections.abc import Iterator
from decimal import Decimal

from bot.domain.money import exact
from bot.domain.orders.legs import Leg, TrailSaid
from bot.domain.value import value
from handlers.context.words import terms
from handlers.context.words.script import latin, tokens, unadorned
from handlers.views.taps.taps import OrderVerb

_FIGURE = r"(?:[0-9]{1,3}(?:,[0-9]{2})*,[0-9]{3}|[0-9]{1,9})"
_PRICE = re.compile(rf"@?₹?({_FIGURE}(?:\.[0-9]{{1,4}})?)(?:/-)?")
_SIZE = re.compile(rf"q(?:ty|uantity)?\s*({_FIGURE})|({_FIGURE})\s*(?:shares?|qty|units?)", re.IGNORECASE)
_LOTS = re.compile(rf"(?:q(?:ty|uantity)?\s*)?({_FIGURE})\s*lots?", re.IGNORECASE)
_ACTS = {
    **dict.fromkeys(("same", "again", "same again", "add"), OrderVerb.SAME),
    **dict.fromkeys(("exit", "all", "close", "sq off", "square off", "nikal do", "sab", "निकाल दो"), OrderVerb.EXIT),
    **dict.fromkeys(("half", "aadha", "adha", "half exit", "exit half"), OrderVerb.HALF),
    "reverse": OrderVerb.REVERSE,
    "cancel": OrderVerb.CANCEL,
}
_UNTIL = re.compile(r"((?:sl|stop)\b.*?) (?:until|till) (\S.*)", re.IGNORECASE)
_STOP = re.compile(r"(?:sl|stop(?: ?loss)?)\s*(\S+(?:\s*(?:%|pts?|points?))?)", re.IGNORECASE)
_TARGET = re.compile(r"(?:t|tgt|target|tp)\s*[-+@₹]?([0-9.,]+\s*(?:%|pts?|points?)?)", re.IGNORECASE)
_TRAIL = re.compile(r"trail\s*(\S.*)", re.IGNORECASE)
_COST = re.compile(r"(?:sl|stop(?: ?loss)?)\s*(?:to\s+)?(?:cost|be|break ?-?even)", re.IGNORECASE)
_LEADING = re.compile(r"(?:sl|stop(?: ?loss)?)\s+", re.IGNORECASE)
TRAIL_SAID = re.compile(r"[-+@₹]?([0-9.,]+\s*(?:%|pts?|points?)?)(?:\s+step\s*([0-9.,]+))?", re.IGNORECASE)


@value
class Said:
    """What was understood. None and empty: not said."""

    leg: Leg | None = None  # a stop
    target: Leg | None = None
    trail: TrailSaid | None = None
    to_cost: bool = False  # the stop goes to the break-even
    until: str = ""  # the day until which the stop is kept, as it was said
    price: Decimal | None = None
    quantity: int | None = None
    lots: int | None = None
    act: OrderVerb | None = None

    @property
    def guards(self) -> bool:
        """Whether something is to be attached."""
        return self.to_cost or any(each is not None for each in (self.leg, self.target, self.trail))


def said(text: str) -> Said:
    """What a reply says. An empty one for any other words."""
    text = " ".join(tokens(unadorned(text)))
    until = ""
    if (kept := _UNTIL.fullmatch(text)) is not None:
        text, until = kept[1], kept[2]
    stop, goal, follows = _STOP.fullmatch(text), _TARGET.fullmatch(text), _TRAIL.fullmatch(text)
    price, size, lots = _PRICE.fullmatch(text), _SIZE.fullmatch(text), _LOTS.fullmatch(text)
    return Said(
        leg=terms.leg(stop[1]) if stop else None,
        target=terms.leg(goal[1]) if goal else None,
        trail=trail_said(follows[1]) if follows else None,
        to_cost=_COST.fullmatch(text) is not None,
        until=until,
        price=exact(price[1].replace(",", "")) if price else None,
        quantity=_count(size[1] or size[2]) if size else None,
        lots=_count(lots[1]) if lots else None,
        act=_ACTS.get(text.lower()),
    )


def _count(figure: str) -> int:
    return int(figure.replace(",", ""))


def trail_said(text: str) -> TrailSaid | None:
    """A trail as it is said: `15`, `2%`, `15 step 10`. None for any other words."""
    match = TRAIL_SAID.fullmatch(text.strip())
    trail = terms.trail(match[1]) if match is not None else None
    if match is None or trail is None or match[2] is None:
        return trail
    return terms.stepped(trail, match[2])


def stop_said(text: str) -> tuple[Said, str] | None:
    """A stop and the words that name its position: `reliance 1450`, `20 pts nifty`, `nifty 50 24500 ce`, `cost`.

    None where no stop is said, or where more than one figure may be it.
    """
    words = _LEADING.sub("", " ".join(latin(text).split())).split()
    for length in range(len(words), 0, -1):
        for stop, name in ((words[-length:], words[:-length]), (words[:length], words[length:])):
            heard = said(f"sl {' '.join(stop)}")
            if heard.leg is not None or heard.to_cost:
                return heard, " ".join(name)
    between = [
        (heard, " ".join(words[:place] + words[place + 1 :]))
        for place, word in enumerate(words[:-1])
        if (heard := said(f"sl {word}")).leg is not None and words[place + 1].lower() not in terms.RIGHTS
    ]
    return between[0] if len(between) == 1 else None


def said_of(text: str) -> Iterator[tuple[Said, str]]:
    """What a reply says and the words that name what it is about, before or behind: `sl 2885 reliance`. The longest act first."""
    words = text.split()
    for length in range(len(words), 0, -1):
        for act, name in ((words[:length], words[length:]), (words[-length:], words[:-length])):
            yield said(" ".join(act)), " ".join(name)
