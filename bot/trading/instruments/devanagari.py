"""The indices and the fifty most traded shares as Hindi writes them.

Each is one name and no guess.
"""

import re
import unicodedata
from collections.abc import Mapping

_NUKTA = "\u093c"  # left out as often as written

# As NSE's NIFTY 50 stood in November 2026; a symbol that is not in the day's master is simply not found.
WRITTEN: Mapping[str, str] = {
    "निफ्टी": "NIFTY", "बैंकनिफ्टी": "BANKNIFTY", "फिननिफ्टी": "FINNIFTY", "सेंसेक्स": "SENSEX", "मिडकैप": "MIDCPNIFTY",
    "रिलायंस": "RELIANCE", "रिलायन्स": "RELIANCE", "टीसीएस": "TCS", "इंफोसिस": "INFY", "इन्फोसिस": "INFY", "इन्फी": "INFY",
    "एचडीएफसी": "HDFC", "एचडीएफसीबैंक": "HDFCBANK", "एसबीआई": "SBIN", "स्टेटबैंक": "SBIN", "आईसीआईसीआई": "ICICIBANK",
    "आईसीआईसीआईबैंक": "ICICIBANK", "एक्सिस": "AXISBANK", "एक्सिसबैंक": "AXISBANK", "कोटक": "KOTAKBANK",
    "कोटकबैंक": "KOTAKBANK", "आईटीसी": "ITC", "एलटी": "LT", "लार्सन": "LT", "हिंदुस्तानयूनिलीवर": "HINDUNILVR",
    "एयरटेल": "BHARTIARTL", "भारतीएयरटेल": "BHARTIARTL", "बजाजफाइनेंस": "BAJFINANCE", "बजाजफिनसर्व": "BAJAJFINSV",
    "बजाजऑटो": "BAJAJ-AUTO", "मारुति": "MARUTI", "मारुती": "MARUTI", "एशियनपेंट्स": "ASIANPAINT", "टाइटन": "TITAN",
    "सनफार्मा": "SUNPHARMA", "अल्ट्राटेक": "ULTRACEMCO", "नेस्ले": "NESTLEIND", "विप्रो": "WIPRO", "एचसीएल": "HCLTECH",
    "टेकमहिंद्रा": "TECHM", "महिंद्रा": "M&M", "टाटास्टील": "TATASTEEL", "टाटामोटर्स": "TMPV", "टाटापावर": "TATAPOWER",
    "टाटाकंज्यूमर": "TATACONSUM", "जेएसडब्ल्यूस्टील": "JSWSTEEL", "हिंडाल्को": "HINDALCO", "कोलइंडिया": "COALINDIA",
    "ओएनजीसी": "ONGC", "एनटीपीसी": "NTPC", "पावरग्रिड": "POWERGRID", "अदानीएंटरप्राइजेज": "ADANIENT",
    "अदानीपोर्ट्स": "ADANIPORTS", "ग्रासिम": "GRASIM", "डॉरेड्डी": "DRREDDY", "सिप्ला": "CIPLA", "अपोलो": "APOLLOHOSP",
    "आयशर": "EICHERMOT", "हीरो": "HEROMOTOCO", "इंडसइंड": "INDUSINDBK", "एसबीआईलाइफ": "SBILIFE",
    "एचडीएफसीलाइफ": "HDFCLIFE", "श्रीरामफाइनेंस": "SHRIRAMFIN", "ट्रेंट": "TRENT", "जोमैटो": "ETERNAL",
    "जियोफाइनेंशियल": "JIOFIN", "बीईएल": "BEL", "इंडिगो": "INDIGO", "मैक्सहेल्थकेयर": "MAXHEALTH", "यसबैंक": "YESBANK",
    "आइडिया": "IDEA", "सुजलॉन": "SUZLON", "एलआईसी": "LICI",
}  # fmt: skip
_WORDS = re.compile(r"[\u0900-\u097f]+(?: [\u0900-\u097f]+)*")


def in_latin(text: str) -> str:
    """The text with such names as their symbols, the longest first. What is unknown stays as it is."""
    return _WORDS.sub(lambda run: " ".join(_named(run[0].split())), text)


def _named(words: list[str]) -> list[str]:
    if not words:
        return []
    for end in range(len(words), 0, -1):
        symbol = _BY_SPELLING.get(_spelling("".join(words[:end])))
        if symbol is not None:
            return [symbol, *_named(words[end:])]
    return [words[0], *_named(words[1:])]


def _spelling(word: str) -> str:
    return unicodedata.normalize("NFKD", word).replace(_NUKTA, "")


_BY_SPELLING = {_spelling(word): symbol for word, symbol in WRITTEN.items()}
