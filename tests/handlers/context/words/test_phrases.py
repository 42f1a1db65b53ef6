"""Every rule of an order's words on a share, an index option and a stock future: before, behind, glued, in both scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.market.display_names import label
from bot.domain.orders.order_text import request_line
from tests.stage.values.words import Asked, Meaning, Ordered, Refused, meaning


@dataclass(frozen=True, kw_only=True)
class Named:
    """An instrument in both scripts, with a size and a limit that fit it."""

    latin: str
    hindi: str
    label: str
    size: int
    limit: int

    @property
    def is_contract(self) -> bool:
        return "·" in self.label


SHARE = Named(latin="itc", hindi="आईटीसी", label="ITC", size=10, limit=410)
OPTION = Named(latin="nifty 24500 ce", hindi="निफ्टी 24500 सीई", label="NIFTY 24500 CE · 23 Nov", size=65, limit=310)
FUTURE = Named(latin="reliance fut", hindi="रिलायंस फ्यूचर", label="RELIANCE FUT · 23 Nov", size=337, limit=1475)
THINGS = (SHARE, OPTION, FUTURE)

# (in Latin, in Hindi, the words behind the symbol of the canonical line; asks: no order is made of it)
RULES = [
    ("{q}", "{q}", "{q}"),
    ("{q} qty", "{q} शेयर", "{q}"),
    ("1 lot", "1 लॉट", "1lot"),
    ("2lots", "2लॉट", "2lots"),
    ("₹900000", "₹9,00,000", "₹900000"),
    ("900000/-", "900000/-", "₹900000"),
    ("Rs 9,00,000", "9 लाख रुपये", "₹900000"),
    ("900k rs", "900 हज़ार रुपये", "₹900000"),
    ("all", "सब", "all"),
    ("half", "आधा", "half"),
    ("{q} @{p}", "{q} @{p}", "{q} @{p}"),
    ("{q} @ ₹ {p}", "{q} {p} पर", "{q} @{p}"),
    ("{q} at rs {p}", "{q} {p} रुपये पर", "{q} @{p}"),
    ("{q} limit {p}.50", "{q} @{p}.50", "{q} @{p}.5"),
    ("{q} @ cmp", "{q} cmp", "{q}"),
    ("{q} at market", "{q} बाज़ार", "{q} mkt"),
    ("{q} stop {p}", "{q} स्टॉप {p}", "{q} stop {p}"),
    ("{q} stop {p} / {p}.50", "{q} स्टॉप {p}/{p}.50", "{q} stop {p}/{p}.5"),
    ("{q} intra", "{q} इंट्राडे", "{q} mis"),
    ("{q} ioc", "{q} ioc", "{q} ioc"),
    ("{q} please", "कृपया {q}", "{q}"),
    ("{q} sl {p} t 2%", "{q} स्टॉपलॉस {p} टारगेट 2%", "{q} sl {p} t 2%"),
    ("{q} sl -20", "{q} एसएल -20", "{q} sl 20pts"),
    ("risk 1000 sl 20pts", "risk 1000 एसएल 20pts", "risk 1000 sl 20pts"),
    ("{q} stop {p} mkt", "{q} स्टॉप {p} बाज़ार", "{q} stop {p} mkt"),
    ("{q} amo", "{q} amo", "{q} amo"),
    ("{q} dq 5", "{q} dq 5", "{q} dq 5"),
]


def canonical(made: Meaning) -> str:
    return request_line(made.request).removeprefix(f"/buy {made.request.symbol}").strip() if isinstance(made, Ordered) else "asks"


def fitted(rule: str, thing: Named) -> str:
    return rule.format(q=thing.size, p=thing.limit)


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.latin)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule[0])
@pytest.mark.parametrize("place", ["{rule} {name}", "{name} {rule}", "{rule}{name}", "{name}{rule}"])
@pytest.mark.parametrize("script", ["latin", "hindi"])
def test_a_rule_reads_alike_wherever_it_stands(thing: Named, rule: tuple[str, str, str], place: str, script: str) -> None:
    latin, hindi, meant = (fitted(words, thing) for words in rule)
    words, name = (latin, thing.latin) if script == "latin" else (hindi, thing.hindi)
    line = place.format(rule=words, name=name)
    made = meaning(f"b {line}" if script == "latin" else f"{line} खरीदो")
    if meant.endswith(("lot", "lots")) and not thing.is_contract:
        meant = "asks"  # a share has no lots
    if isinstance(made, Ordered):
        assert (label(made.instrument), canonical(made)) == (thing.label, meant)
    else:
        # Letters glued to letters leave no border to cut at; two figures glued would be a third.
        edge = (words[-1], name[0]) if place.startswith("{rule}{") else (name[-1], words[0])
        glued = "} {" not in place and not any(sign.isdigit() or sign in "₹@" for sign in edge)
        scaled = "} {" not in place and any(unit in words for unit in ("lots", "lot", "%", "pts", "qty"))
        assert meant == "asks" or glued or scaled, made


FOUND = [  # what was typed when the product was tried, and its one right meaning
    ("buy itc 50000/-", "ITC ₹50000"),
    ("sell itc 50,000/-", "ITC ₹50000"),
    ("buy itc 410/- 10", "ITC 10 @410"),
    ("buy itc 5 3.5k", "asks: Buy 5 @ 3,500.00 | Buy 3,500 @ 5.00"),
    ("buy maruti 1 15.8k", "MARUTI 1 @15800"),
    ("buy reliance fut 1l", "RELIANCE FUT · 23 Nov 1lot"),
    ("buy itc 1L", "ITC 100000"),
    ("buy nifty 24500 ce 1l", "NIFTY 24500 CE · 23 Nov 1lot"),
    ("buy reliance call 1500 500", "RELIANCE 1500 CE · 23 Nov 500"),
    ("buy nifty call 24500 1 lot", "NIFTY 24500 CE · 23 Nov 1lot"),
    ("buy nifty 24500 put 65", "NIFTY 24500 PE · 23 Nov 65"),
    ("buy nifty nov 26 24500 ce 65", "asks: NIFTY 24500 CE · 23 Nov | NIFTY 24500 CE · 1 Dec | NIFTY 24500 CE · 8 Dec"),
    ("buy 65 nifty nov 2026 24500 ce", "NIFTY 24500 CE · 23 Nov 65"),
    ("buy banknifty dec fut 30", "BANKNIFTY FUT · 29 Dec 30"),
    # Two strikes beside one CE: neither is a size in silence, whole lots or not.
    ("buy nifty 24700 24500 ce", "asks: NIFTY 24500 CE · 23 Nov: 24,700 | NIFTY 24700 CE · 23 Nov"),
    ("buy nifty 24700 24500ce", "asks: NIFTY 24500 CE · 23 Nov: 24,700 | NIFTY 24700 CE · 23 Nov"),
    ("buy nifty ce 24500 24700", "asks: NIFTY 24500 CE · 23 Nov: 24,700 | NIFTY 24700 CE · 23 Nov"),
    ("buy nifty 24500 24600 pe 1 lot", "asks: NIFTY 24600 PE · 23 Nov: 1 lot @ 24,500.00 | NIFTY 24500 PE · 23 Nov: 1 lot"),
    ("निफ्टी 24700 24500 सीई खरीदो", "asks: NIFTY 24500 CE · 23 Nov: 24,700 | NIFTY 24700 CE · 23 Nov"),
    ("buy nifty 65 24500 ce", "NIFTY 24500 CE · 23 Nov 65"),
    ("buy reliance 500 1500 ce", "RELIANCE 1500 CE · 23 Nov 500"),
    # A price that is to be passed is a stop or a limit; one that is to be kept within is a limit.
    ("buy nifty 24500 ce 65 above 340", "asks: Buy 65 stop 340.00 | Buy 65 @ 340.00"),
    ("buy nifty 24500 ce above 340 2 lots", "asks: Buy 2 lots stop 340.00 | Buy 2 lots @ 340.00"),
    ("निफ्टी 24500 सीई 65 340 के ऊपर खरीदो", "asks: Buy 65 stop 340.00 | Buy 65 @ 340.00"),
    ("s reliance 10 below 1470", "asks: Sell 10 stop 1,470.00 | Sell 10 @ 1,470.00"),
    ("reliance 10 1470 se neeche becho", "asks: Sell 10 stop 1,470.00 | Sell 10 @ 1,470.00"),
    ("buy reliance 10 below 1470", "RELIANCE 10 @1470"),
    ("s reliance 10 above 1500", "RELIANCE 10 @1500"),
    ("buy nifty 24500 ce above 340", "asks: How many?"),
    ("buy nifty 24500 ce 65 above 340 @350", "refused"),
    ("buy nifty 24500 ce 65 above 340 sl 320 t 370", "refused"),  # an order that waits takes nothing with it
    ("buy nifty 24500 ce above 340 tgt 370/400", "refused"),
    ("buy reliance 10 above", "refused"),
    ("buy reliance 10 @ -5", "refused"),
    ("itc 10 becho abhi", "ITC 10"),
    # Rupees between two figures belong to either.
    ("b itc 5000 rs 410", "asks: Buy for ₹5,000.00 @ 410.00 | Buy 5,000 @ 410.00"),
    ("itc 5000 रुपये 410 खरीदो", "asks: Buy for ₹5,000.00 @ 410.00 | Buy 5,000 @ 410.00"),
    ("b itc 5000 rs @410", "ITC ₹5000 @410"),
    ("b itc 10 rs 410", "ITC 10 @410"),
    ("b itc 410 rs 10", "ITC 10 @410"),
    ("b nifty 24500 ce 65 rs 300", "NIFTY 24500 CE · 23 Nov 65 @300"),  # 300 rupees buy no lot at 65
    ("b nifty 24500 ce 65 300/-", "NIFTY 24500 CE · 23 Nov 65 @300"),
    ("b itc for 50000", "ITC ₹50000"),
    ("b itc for rs 50000", "ITC ₹50000"),
    ("b itc 10 for 410", "ITC 10 @410"),
    # The index is called so: 50 is no limit of its options.
    ("b nifty 50 24500 ce 1 lot", "NIFTY 24500 CE · 23 Nov 1lot"),
    ("निफ्टी 50 24500 सीई 1 लॉट खरीदो", "NIFTY 24500 CE · 23 Nov 1lot"),
    ("b nifty 50 fut 1 lot", "NIFTY FUT · 23 Nov 1lot"),
    ("b nifty 50 lots fut", "NIFTY FUT · 23 Nov 50lots"),
    ("b nifty fut 50 lots", "NIFTY FUT · 23 Nov 50lots"),
    # Words between that carry nothing.
    ("b itc 10 with stop loss 400 and target 430", "ITC 10 sl 400 t 430"),
    ("sell 10 of my itc", "ITC 10"),
    ("b itc 10 on bse", "ITC · BSE 10 bse"),
    ("10 itc at 410 buy karo", "ITC 10 @410"),
    ("टीसीएस 5 ले लो", "TCS 5"),
    ("टीसीएस 5 लेलो", "TCS 5"),
    ("buy tcs 2lots", "asks:"),
    ("buy bse ioc 10", "asks: BSE: 10 | IOC · BSE: 10"),
    ("buy ioc bse 10", "asks: IOC · BSE: 10 | BSE: 10"),
    ("buy bse 10 bse", "BSE · BSE 10 bse"),
    ("buy itc 10 @ ₹ 410", "ITC 10 @410"),
    ("buy itc 10 at rs 410", "ITC 10 @410"),
    ("buy idea 10 @ .5", "IDEA 10 @0.5"),
    ("buy itc 10 @ cmp", "ITC 10"),
    ("buy itc 10 at market", "ITC 10 mkt"),
    ("sell all itc", "ITC all"),
    ("s infy all", "INFY all"),
    ("buy itc10", "ITC 10"),
    ("buy itc@410", "asks: How many?"),
    ("buy itc10@410", "ITC 10 @410"),
    ("buy itc 1cr", "asks: Buy for ₹1,00,00,000.00 | Buy 1,00,00,000"),
    ("buy itc 1 lakh", "ITC 100000"),
    ("buy itc 10 share", "ITC 10"),
    ("buy itc quantity 10", "ITC 10"),
    ("bech do itc 10", "ITC 10"),
    ("kharid lo itc 10", "ITC 10"),
    ("itc 10 bech do", "ITC 10"),
    ("बेच दो आईटीसी 10", "ITC 10"),
    ("आधा आईटीसी बेचो", "ITC half"),
    ("buy NSE:ITC 10", "ITC 10 nse"),
    ("buy itc 10 please", "ITC 10"),
    ("buy nifty 24500 ce 23rd nov 65", "NIFTY 24500 CE · 23 Nov 65"),
    ("b itc", "asks: How many?"),
    ("b mon100", "asks: How many?"),  # a name with a figure in it stays whole
    ("b mon100 5", "MON100 5"),
    ("b m&m10", "M&M 10"),
    ("b 360one 5", "360ONE 5"),
    ("buy itc 410 10", "asks: Buy 410 @ 10.00 | Buy 10 @ 410.00"),
    ("buy itc ₹50000 405", "ITC ₹50000 @405"),
    ("buy nifty 24500 ce 66 310", "NIFTY 24500 CE · 23 Nov 66 @310"),  # no whole lot: asked at the card, not turned round
    ("buy nifty 24500 ce 66 325", "NIFTY 24500 CE · 23 Nov 66 @325"),
    ("sell reliance fut dec 29", "asks: How many?"),
    ("buy idea 10 11 12", "refused"),
    ("buy relaince 10", "asks: RELIANCE | RELIANCE FUT · 23 Nov"),
    ("buy itc x10", "asks: ITC | ITC FUT · 23 Nov"),
    ("buy itc 10 trail", "refused"),
    ("buy itc 10 trail 15 step 20", "refused"),  # it would overtake the price
    ("buy itc गड़बड़ 10", "asks: ITC"),  # a word that nobody knows is not passed over
    ("buy itc garbage 10", "asks: ITC"),
    # Hindi in Latin letters: `pe` behind a figure is "at" as well as a put, `ka` is "worth".
    ("reliance 674 share becho 1490 pe", "asks: RELIANCE 1490 PE · 23 Nov: 674 | RELIANCE: 674 @ 1,490.00"),
    ("reliance 674 becho 1490 pe", "asks: RELIANCE 1490 PE · 23 Nov: 674 | RELIANCE: 674 @ 1,490.00"),
    ("sell reliance 674 shares 1490 pe", "asks: RELIANCE 1490 PE · 23 Nov: 674 | RELIANCE: 674 @ 1,490.00"),
    ("sell reliance 674 1490 pe", "RELIANCE 1490 PE · 23 Nov 674"),
    ("itc 10 410 pe becho", "ITC 10 @410"),
    ("nifty 24500 pe 1 lot 300 pe becho", "NIFTY 24500 PE · 23 Nov 1lot @300"),
    ("nifty 24500 pe 1 lot becho", "NIFTY 24500 PE · 23 Nov 1lot"),
    ("reliance 50000 ka kharido", "RELIANCE ₹50000"),
    ("रिलायंस 50000 का खरीदो", "RELIANCE ₹50000"),
    ("itc 10 410 ka kharido", "ITC 10 @410"),
    ("nifty 24500 ka ce 1 lot kharido", "NIFTY 24500 CE · 23 Nov 1lot"),
    ("nifty 24500 की पुट 1 लॉट बेचो", "NIFTY 24500 PE · 23 Nov 1lot"),
    ("itc ke 10 share kharido", "ITC 10"),
    ("10 itc bech do 410 par", "ITC 10 @410"),
    ("itc 10 share le lo", "ITC 10"),
    ("itc das share kharido", "refused"),
    # Where the bare figures stand the wrong way round as the price has it.
    ("b reliance 1490 500", "asks: Buy 1,490 @ 500.00 | Buy 500 @ 1,490.00"),
    ("b itc 500 400", "ITC 500 @400"),
    ("b itc 10 300", "ITC 10 @300"),
    # Signs of other keyboards.
    ("b itc 10 sl –20", "ITC 10 sl 20pts"),
    ("b itc 10 sl —20", "ITC 10 sl 20pts"),
    ("b itc 10 sl ‑20", "ITC 10 sl 20pts"),
    ("b itc 10 sl ﹣20", "ITC 10 sl 20pts"),
    ("b itc 10 sl −20", "ITC 10 sl 20pts"),
    ("b itc 10 sl - 20", "ITC 10 sl 20pts"),
    ("b bajaj–auto 10", "BAJAJ-AUTO 10"),
    ("b itc –10", "refused"),
    ("b itc １０ ＠４１０", "ITC 10 @410"),
    ("b  itc   10\n@410", "ITC 10 @410"),
    ("b itc 50k₹", "ITC ₹50000"),
    ("b itc 50k ₹", "ITC ₹50000"),
    ("b itc 10 sl:400 tgt=430", "ITC 10 sl 400 t 430"),
    ("b itc 10 slm 415", "ITC 10 stop 415 mkt"),
    ("b itc 10 sl-m 415", "ITC 10 stop 415 mkt"),
    ("b itc 10 at market price", "ITC 10 mkt"),
    ("b itc 10 market order", "ITC 10 mkt"),
    # A strike may be in thousands, a day is never a size, lots come behind their number.
    ("b nifty 24.5k ce 65", "NIFTY 24500 CE · 23 Nov 65"),
    ("b nifty ce 24.5k 1 lot", "NIFTY 24500 CE · 23 Nov 1lot"),
    ("b sensex 80000 ce 20th 20", "asks:"),
    ("b nifty 24500 ce nov 23rd 65", "NIFTY 24500 CE · 23 Nov 65"),
    ("b nifty 24500 ce lot 300", "refused"),
    ("b nifty 24500 ce one lot", "refused"),
    ("b itc 10 🙏", "refused"),
    ("बेचो आईटीसी 10।", "ITC 10"),
    ("b m & m 10", "M&M 10"),
    ("b itc qty: 100 price=410", "ITC 100 @410"),
    ("b nifty 24500 ce-65", "NIFTY 24500 CE · 23 Nov 65"),
    ("b itc 1 000", "refused"),
    ("itc bech de 10", "ITC 10"),
    ("reliance 1490 pe becho", "asks: RELIANCE 1490 PE · 23 Nov | RELIANCE: @ 1,490.00"),
    ("b itc 10,00", "refused"),
]


@pytest.mark.parametrize(("typed", "right"), FOUND, ids=[typed for typed, _ in FOUND])
def test_what_was_misread_has_its_one_right_reading_or_asks(typed: str, right: str) -> None:
    made = meaning(typed)
    if right == "refused":
        assert isinstance(made, Refused)
    elif right.startswith("asks:"):
        assert isinstance(made, Asked)
        buttons = [button for button, _ in made.buttons]
        assert right in ("asks: How many?", "asks:") or buttons[: right.count("|") + 1] == right.removeprefix("asks: ").split(
            " | "
        )
        assert right != "asks: How many?" or made.say == "How many?"
    else:
        assert isinstance(made, Ordered), made
        side = typed.startswith(("s ", "sell")) or any(word in typed for word in ("bech", "बेच"))
        assert (made.request.side == "SELL") == side
        line = request_line(made.request).removeprefix(f"/{made.request.side.lower()} {made.request.symbol}").strip()
        assert f"{label(made.instrument)} {line}".strip() == right


def test_a_day_without_a_contract_offers_the_nearest_days() -> None:
    made = meaning("/buy nifty 24500ce 23nov 2lots", today=date(2026, 11, 28))
    assert isinstance(made, Asked)
    assert [button for button, _ in made.buttons] == [f"NIFTY 24500 CE · {day}" for day in ("1 Dec", "8 Dec", "15 Dec")]
    assert all(command.endswith(" 2lots") for _, command in made.buttons)


@pytest.mark.parametrize(
    ("typed", "why"), [("b gold 1 lot", "MCX"), ("b crudeoil dec fut 1lot", "MCX"), ("b usdinr 1 lot", "CDS")]
)
def test_what_is_traded_in_a_segment_that_is_off_is_told_why(typed: str, why: str) -> None:
    made = meaning(typed)
    assert isinstance(made, Asked)
    assert f"({why}) are off here: " in made.say


@pytest.mark.parametrize(
    "typed",
    [typed for typed, right in FOUND if right == "refused"]
    + ["b nifty 24500 ce 65 300 310", "b nifty ce 24500 one lot", "b itc 10 @"],
)
def test_the_example_of_a_refusal_is_an_order_that_works(typed: str) -> None:
    made = meaning(typed)
    assert isinstance(made, Refused)
    if made.example:
        assert isinstance(meaning(made.example), Ordered), made.example


def test_a_price_that_is_none_is_named_as_it_was_typed() -> None:
    made = meaning("buy reliance 10 @ -5")
    assert made == Refused(say='"-5" is not a price.', example="/buy reliance 10")


def test_every_button_of_a_question_is_a_whole_order_or_asks_for_its_size() -> None:
    for typed, right in FOUND:
        made = meaning(typed)
        if right.startswith("asks") and isinstance(made, Asked):
            for _, command in made.buttons:
                then = meaning(command)
                said = then.say if isinstance(then, Asked) else ""
                assert isinstance(then, Ordered) or said in ("How many?", "lots of a share") or "is an index" in said, command


# Phrases as pieces whose words belong together; moved or glued they may lose their meaning, and never gain another.
PHRASES = [
    ("itc", "10"),
    ("itc", "10", "@410"),
    ("itc", "10", "410"),
    ("itc", "₹50000", "@410"),
    ("itc", "410/-", "10"),
    ("itc", "10k", "@410", "mis"),
    ("m&m", "10", "at rs 3600", "bse", "ioc"),
    ("nifty", "24500 ce", "23 nov", "65"),
    ("nifty", "24500", "ce", "65"),
    ("nifty", "call 24500", "1 lot", "300"),
    ("reliance fut", "2lots", "stop 1500/1510"),
    ("reliance", "dec", "fut", "337", "1480"),
    ("banknifty", "dec", "fut", "30"),
    ("idea", "50k", "11"),
]


def is_figure(sign: str) -> bool:
    return sign.isdigit() or sign in ",./"


@given(st.sampled_from(PHRASES).flatmap(lambda phrase: st.tuples(st.just(phrase), st.permutations(phrase), st.integers(0, 2**5))))
@example((PHRASES[2], ["itc", "410", "10"], 0))
def test_moved_or_glued_words_keep_their_meaning_ask_or_are_refused(drawn: tuple[Sequence[str], Sequence[str], int]) -> None:
    phrase, moved, glue = drawn
    right = meaning(f"buy {' '.join(phrase)}")
    assert isinstance(right, Ordered)
    line = moved[0]
    for at, (before, after) in enumerate(pairwise(moved)):
        together = glue >> at & 1 and not (is_figure(before[-1]) and is_figure(after[0]))
        line += after if together else f" {after}"
    made = meaning(f"buy {line}")
    if isinstance(made, Ordered):
        assert made.instrument.symbol == right.instrument.symbol
        assert made.rupees <= right.rupees, f"{line}: {made.request}"
        if made.instrument == right.instrument and made.request.price == right.request.price:
            assert (made.request.quantity, made.request.lots) == (right.request.quantity, right.request.lots)


def test_a_limit_far_from_the_price_is_still_what_was_said_where_nothing_else_can_be_meant() -> None:
    made = meaning("b itc 10 @40000")
    assert isinstance(made, Ordered)
    assert made.request.price == Decimal(40_000)
