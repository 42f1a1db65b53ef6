"""The text of an order as words in one script: digits of any keyboard, Hindi in both scripts, signs at their figures."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from handlers.context.words.figures import MONTHS, NUMBER, SCALE, figure_of

_DIGIT_SIGNS = {0xFE0F: None, 0x20E3: None}  # the frame that a keyboard of emoji puts around a digit
_ENDS = ".,!?…।"  # what ends a sentence
_NUKTA = "\u093c"  # left out as often as written: करोड़, करोड

# What Hindi calls the words of an order, without the nukta. Names of shares stand with the instruments.
_HINDI: Mapping[str, str] = {
    **dict.fromkeys(("खरीदो", "खरीद", "खरीदे", "खरीदें", "खरीदना"), "kharido"),
    **dict.fromkeys(("बेचो", "बेच", "बेचे", "बेचें", "बेचना"), "becho"),
    "दो": "do", "लो": "lo",
    **dict.fromkeys(("लॉट", "लाट", "लॉट्स"), "lot"),
    **dict.fromkeys(("शेयर", "शेयर्स", "शेअर"), "shares"),
    **dict.fromkeys(("रुपये", "रुपए", "रुपया", "रुपयों", "रु", "रू"), "rs"),
    **dict.fromkeys(("हजार",), "hazar"),
    "लाख": "lakh", "करोड": "crore",
    **dict.fromkeys(("सब", "सारा", "सारे", "पूरा", "पूरे"), "all"),
    **dict.fromkeys(("आधा", "आधे", "आधी"), "half"),
    **dict.fromkeys(("पर", "पे"), "par"),
    "कॉल": "call", "पुट": "put", "सीई": "ce", "पीई": "pe",
    **dict.fromkeys(("फ्यूचर", "वायदा"), "fut"),
    **dict.fromkeys(("मार्केट", "बाजार"), "mkt"),
    **dict.fromkeys(("डिलीवरी", "डिलिवरी"), "delivery"),
    **dict.fromkeys(("इंट्राडे", "इंट्रा"), "intraday"),
    "स्टॉप": "stop", "स्टॉपलॉस": "sl", "एसएल": "sl",
    **dict.fromkeys(("टारगेट", "टार्गेट", "लक्ष्य"), "target"),
    **dict.fromkeys(("होल्डिंग", "होल्डिंग्स", "होल्डिंगें"), "holdings"), **dict.fromkeys(("डीमैट", "डिमैट"), "demat"),
    **dict.fromkeys(("मेरी", "मेरे", "मेरा"), "meri"), **dict.fromkeys(("सारी", "पूरी"), "all"),
    "एनएसई": "nse", "बीएसई": "bse",
    "जनवरी": "jan", "फरवरी": "feb", "मार्च": "mar", "अप्रैल": "apr", "मई": "may", "जून": "jun", "जुलाई": "jul", "अगस्त": "aug",
    "सितंबर": "sep", "अक्टूबर": "oct", "नवंबर": "nov", "दिसंबर": "dec",
    "कृपया": "please", "ले": "le", "लेलो": "lelo", "से": "se", "ऊपर": "upar", "नीचे": "neeche",
    "अभी": "abhi", "जल्दी": "jaldi", "कुछ": "kuch", "का": "ka", "के": "ke", "की": "ki", "को": "ko",
}  # fmt: skip

_FIGURE = rf"{NUMBER}(?:{SCALE})?"
_ALONE = r"(?=\s|$)"
_RIGHT = r"(?:ce|pe|calls?|puts?|fut)"
RUPEES_OF = "money/of"  # of the figure before it, or of the one behind
_RS = r"(?:rs\.?|inr|rupees?|rupaye|₹)"
_AT = r"(?:@|\b(?:at|limit|price)\s)"
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), spelling)
    for pattern, spelling in (
        (r"\b(nse|bse|nfo|bfo)\s*:\s*(?=\S)", r"\1 "),  # NSE:ITC
        (r"(?<=[a-z])\s+&\s+(?=[a-z])", "&"),  # m & m
        (r"(\bnifty|निफ्टी|निफ़्टी)\s+50\b(?!\s*(?:lots?|qty|quantity|units?|shares?|nos|pcs|[.,/%]))", r"\1"),  # its name
        (rf"\b([0-3]?[0-9])(?:st|nd|rd|th)(?=\s*{MONTHS}(?![a-z]))", r"\1"),  # 23rd nov
        (rf"\b({MONTHS}\s*)([0-3]?[0-9])(?:st|nd|rd|th)\b", r"\1\2"),  # nov 23rd: alone it is no number of anything
        (r"\bstop[ -]?loss\b", "sl"),
        (r"\bsl[ -]?m\s+(@?₹?\.?[0-9][0-9.,]*)", r"stop \1 mkt"),  # slm 415
        (r"\b(sl|stop|tgt|target|tp|t|qty|quantity|price|limit)\s*[:=]\s*(?=[-+@₹.0-9])", r"\1 "),  # sl: 400
        (r"\b(mkt|market)\s+(?:price|rate|order)\b", r"\1"),
        (rf"₹?({_FIGURE})\s+(?:ke|se)\s+(?:upar|oopar|uppar)\b", r"above \1"),  # 340 ke upar
        (rf"₹?({_FIGURE})\s+(?:ke|se)\s+(?:neeche|niche|nichey)\b", r"below \1"),
        (r"\b(above|below)\s+(?:rs\.?|₹)\s*(?=\.?[0-9])", r"\1 "),
        (r"(?<=\s)-\s+(?=\.?[0-9])", "-"),  # sl - 20
        (rf"({NUMBER})\s+((?:{SCALE}|%|pts?|points?)){_ALONE}", r"\1\2"),  # 1 lakh, 2 %, 20 pts
        (rf"(?<![^\s])({_FIGURE})\s*{_RS}\s+(?=\.?[0-9])", rf"\1 {RUPEES_OF} "),  # 5000 rs 410
        (rf"({_FIGURE})\s*{_RS}{_ALONE}(?!\s*[0-9])", r"₹\1"),  # 50000 rs
        (rf"(?<![a-z]){_RS}\s*(?=\.?[0-9])", "₹"),  # Rs 50,000
        (rf"\b(?:worth|for)\s+(?:{_RS}\s*)?(?=\.?[0-9])", "₹"),
        (rf"(?<![^\s])({_FIGURE})\s+k[aei]{_ALONE}(?!\s+{_RIGHT}{_ALONE})", r"₹\1"),  # 50000 ka: worth, or at, that
        (r"₹\s+(?=\.?[0-9])", "₹"),
        (rf"₹?({_FIGURE})\s+par{_ALONE}", r"@\1"),  # 410 par
        (r"(?<=[^\s@])(?=[@₹])", " "),  # itc@410, itc₹5000
        (rf"{_AT}\s*₹?(?=\.?[0-9])", "@"),  # at rs 410, @ .5
        (r"@\s+(?=[a-z])", "@"),  # @ cmp
        (r"(?<=[0-9])\s*/\s*(?=\.?[0-9])", "/"),  # 2880 / 2875
    )
)


_PE = re.compile(r"([0-9])\s+pe(?=\s|$)", re.IGNORECASE)
PUT_OR_AT = "pe/par"


def unadorned(text: str) -> str:
    """The words without what a hurried hand puts around them: `kill!!`, `p?`, `exit all 😱`. Signs alone stay, `??` as `?`."""
    first, last = 0, len(text)
    while first < last and _adorns(text[first]):
        first += 1
    while last > first and (text[last - 1] in _ENDS or _adorns(text[last - 1])):
        last -= 1
    return text[first:last] or ("?" if set(text.strip()) == {"?"} else text)


def _adorns(char: str) -> bool:
    """Whether it is a space, an emoji or a part of one."""
    return char.isspace() or char == "\ufe0f" or unicodedata.category(char) in ("So", "Sk", "Cf")


def legible(text: str) -> str:
    """The same words in the signs that commands are made of: digits of any script (१०, １０, 1️⃣0️⃣), no invisible signs.

    Only digits that count in tens are read: 10² stays what it is, and is refused.
    """
    return text if text.isascii() else "".join(_legible(char) for char in text.translate(_DIGIT_SIGNS))


def _legible(char: str) -> str:
    if char.isascii():
        return char
    if 0xFF01 <= ord(char) <= 0xFF5E:  # the wide forms of an East Asian keyboard
        return chr(ord(char) - 0xFEE0)
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.decimal(char))
    if unicodedata.category(char) == "Pd" or char == "−":  # what keyboards make of a minus sign
        return "-"
    return "" if unicodedata.category(char) == "Cf" else char


def latin(text: str) -> str:
    """The text with the Hindi words of an order in Latin letters. Other words stay as they are."""
    return re.sub(r"[\u0900-\u097f]+", lambda word: _in_latin(word[0]), legible(text))


def _in_latin(word: str) -> str:
    return _HINDI.get(unicodedata.normalize("NFKD", word).replace(_NUKTA, ""), word)


def tokens(text: str) -> list[str]:
    """The words and figures of an order, each by itself, the signs of money and price before their figures."""
    text = " ".join(latin(text).replace("·", " ").split())
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return [token for word in text.split() if (token := word.rstrip(",;!?।").removesuffix(".") or word)]


def in_hindi(text: str) -> str:
    """The words of a Hindi sentence in Latin letters, where `410 pe` is "at 410" as well as a put."""
    return _PE.sub(rf"\1 {PUT_OR_AT}", text)


def put_or_at(typed: Sequence[str]) -> Iterator[list[str]]:
    """The words with each doubtful `pe` as a put, and as the price before it, and each `rs` between two figures of either."""
    places = [place for place, token in enumerate(typed) if token == PUT_OR_AT and place > 0]
    between = [place for place, token in enumerate(typed) if token == RUPEES_OF and 0 < place < len(typed) - 1]
    for are_prices, behind in product(product((False, True), repeat=len(places[:3])), product((0, 1), repeat=len(between[:2]))):
        read = list(typed)
        for place, is_behind in zip(between, behind, strict=False):
            figure = place + 1 if is_behind or not _buys(typed[place - 1], typed[place + 1]) else place - 1
            read[place], read[figure] = "", f"₹{read[figure].lstrip('₹')}"
        for place, is_price in zip(places, are_prices, strict=False):
            read[place] = "" if is_price else "pe"
            if is_price:
                read[place - 1] = f"@{read[place - 1].lstrip('@₹')}"
        yield [token for token in read if token]


def _buys(rupees: str, price: str) -> bool:
    """Whether so many rupees buy one share at that price."""
    size, each = figure_of(rupees), figure_of(price)
    return size is not None and each is not None and size.value >= each.value


def cut(token: str) -> list[str]:
    """A glued word at each border between figures and letters: `itc10` -> itc, 10."""
    pieces = re.findall(rf"([-@₹]?{NUMBER}(?:/-|%)?)|([^0-9@₹]+)", token)
    return [part for figure, letters in pieces if (part := figure or latin(letters).strip("-.,"))]
