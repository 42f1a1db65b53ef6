"""No secret passes the redaction, however it is written, and ordinary words do."""

import base64
import json
import random
import re
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people.secret import Secret
from bot.runtime.redaction import GONE, Redactor, is_random
from tests.stage.depth import these_first
from tests.stage.gate.canaries import Canaries, Planted, plant

PLANTED: Planted = plant(random.Random(11))
SECRETS = [getattr(PLANTED, name) for name in Planted.__slots__]
REDACTOR = Redactor(Secret(secret) for secret in SECRETS)
CANARIES = Canaries(PLANTED)
AROUND = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)


@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda secret: secret[::-1],
        lambda secret: quote(secret, safe=""),
        quote,
        quote_plus,
        lambda secret: re.sub("%..", lambda escape: escape[0].lower(), quote(secret, safe="")),
        lambda secret: secret.encode().hex(),
        lambda secret: secret.encode().hex().upper(),
        lambda secret: base64.b64encode(secret.encode()).decode(),
        lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
        lambda secret: base64.b64encode(f"ab{secret}xyz".encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(f"a{secret}xyz".encode()).decode(),
        repr,
        lambda secret: repr(secret.encode()),
        json.dumps,
        lambda secret: repr({"body": {"x": secret}}),
    ],
)
def test_a_known_secret_passes_in_no_spelling(spell: object) -> None:
    assert callable(spell)
    for secret in SECRETS:
        text = f"before {spell(secret)} after"
        assert CANARIES.leaks(text), f"the checker itself does not see this spelling: {text}"
        redacted = REDACTOR.redact(text)
        assert CANARIES.leaks(redacted) == [], text
        assert redacted.startswith("before ")
        assert redacted.endswith(" after")


@given(st.sampled_from([secret for secret in SECRETS if 24 <= len(secret) <= 128]), AROUND, AROUND, st.data())
def test_a_piece_of_a_random_secret_does_not_pass_either(secret: str, before: str, after: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(secret) - 8))
    end = data.draw(st.integers(start + 8, len(secret)))
    assert CANARIES.leaks(REDACTOR.redact(f"{before}{secret[start:end]}{after}")) == []


@given(st.sampled_from([secret for secret in SECRETS if len(secret) > 128]), st.data())
def test_fifteen_characters_of_a_long_token_do_not_pass(secret: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(secret) - 15))
    end = data.draw(st.integers(start + 15, len(secret)))
    assert CANARIES.leaks(REDACTOR.redact(f"token {secret[start:end]}\n")) == []


@given(st.text(max_size=60), st.text(min_size=4, max_size=40))
def test_any_secret_at_all_is_taken_out_whole(around: str, secret: str) -> None:
    if secret in f"{around}*** {around}" or set(secret) <= {"*", " "}:
        return
    assert secret not in Redactor([Secret(secret)]).redact(f"{around}{secret} {around}")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("GET https://api.telegram.org/bot123456789:AAGthisIsNotARealTokenButLong-_12345/getMe", "AAGthis"),
        ("token 123456789:AAGthisIsNotARealTokenButLong-_12345", "AAGthis"),
        ("wss://ws.mstock.trade?API_KEY=k3yk3yk3y&ACCESS_TOKEN=t0kt0kt0k", "t0kt0k"),
        ("wss://ws.mstock.trade?API_KEY=k3yk3yk3y&ACCESS_TOKEN=t0kt0kt0k", "k3yk3y"),
        ("to=API_KEY%3Dk3yk3yk3y%26x", "k3yk3y"),
        ("Authorization: Bearer abc.def.ghi", "abc.def"),
        ("{'Authorization': 'Bearer abcdefghi', 'a': 1}", "abcdefghi"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJNQTEyMzQifQ.c2lnbmF0dXJl", "eyJ"),
        ("cut eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJN", "eyJ"),
        ("LOGIN:eyXnotajwt", "notajwt"),
        ("otpauth://totp/mStock:MA1?secret=JBSWY3DPEHPK3PXP&issuer=x", "JBSWY"),
        ('{"password": "hunter two", "clientcode": "x"}', "hunter two"),
        ("{'totp': '123456'}", "123456"),
        ("password=hunter2&x=1", "hunter2"),
        ("X-PrivateKey: abcdef", "abcdef"),
        ('{"jwtToken":"abcdef","refreshToken":"ghijkl"}', "ghijkl"),
        ("http://user:word@127.0.0.1:1/", "word"),
        ("GET http://127.0.0.1:5000/mstock/callback?code=HC2OMUXEJWT7ENYNTYTA4JYTMU HTTP/1.1", "HC2OMUXE"),
        ("callback%3Fcode%3DHC2OMUXEJWT7ENYNTYTA4JYTMU", "HC2OMUXE"),
        ("https://t.me/the_bot?start=hc2omuxejwt7enyntyta4jytmu", "hc2omuxe"),
        ("'text': '/start hc2omuxejwt7enyntyta4jytmu'", "hc2omuxe"),
    ],
)
def test_a_secret_that_nobody_told_of_is_known_by_its_shape(text: str, secret: str) -> None:
    assert secret not in Redactor().redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "order 12 BUY 10 RELIANCE at 1,480.30 accepted as 128225101712667",
        "https://api.mstock.trade/openapi/typeb/orders/regular answered 502 in 0.4 s",
        "the password was refused; a new code is needed",
        "2026-11-20 09:15:00 NIFTY26N2324500CE 101.20",
        "Refused: RMS:128225101712667:NSE EQUITY 2885 EQ",
        "pinned to the tick; spinning: no",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert REDACTOR.redact(text) == text


def test_a_short_value_is_taken_out_whole_and_words_with_a_part_of_it_stay() -> None:
    redactor = Redactor([Secret("password1"), Secret("MA1234567"), Secret("123")])
    assert redactor.redact("password1 / MA1234567 / ma1234567") == "*** / *** / ***"
    assert redactor.redact("passwords, MA12, 123 shares") == "passwords, MA12, 123 shares"


def test_a_forgotten_token_may_pass_again_and_the_others_may_not() -> None:
    redactor = Redactor([Secret("aaaabbbbccccdddd1"), Secret("eeeeffffgggghhhh2")])
    redactor.forget(Secret("aaaabbbbccccdddd1"))
    assert redactor.redact("aaaabbbbccccdddd1 eeeeffffgggghhhh2") == "aaaabbbbccccdddd1 ***"
    redactor.know(Secret("aaaabbbbccccdddd1"))
    assert redactor.redact("aaaabbbbccccdddd1 eeeeffffgggghhhh2") == "*** ***"


def test_what_counts_as_random() -> None:
    assert all(is_random(getattr(PLANTED, name)) for name in ("api_key", "totp_seed", "wrapping_key", "access_token"))
    assert not any(map(is_random, ("password1", "aaaaaaaaaaaaaaaaaaaa", "MA1234567", "")))


@given(AROUND, AROUND)
def test_text_without_secrets_between_secrets_is_kept(before: str, after: str) -> None:
    secret = PLANTED.api_key
    redacted = REDACTOR.redact(f"{before} {secret} {after}")
    assert Redactor().redact(f"{before} *** {after}") == redacted


@pytest.mark.parametrize(
    "said", ["ABCPX0000X", "aaaPa9999a", "XXXXXX1234", "98XXXXXX10", "******4321", "+9198****10", "xxxxxxx456"]
)
@pytest.mark.parametrize("line", ["otp sent to {}.", "{{'PAN': '{}'}}", "PAN={}", "{}"])
def test_a_pan_and_a_telephone_number_half_crossed_out_never_pass(said: str, line: str) -> None:
    redacted = Redactor().redact(line.format(said))
    assert said not in redacted
    assert GONE in redacted


@pytest.mark.parametrize(
    "words",
    ["NIFTY 24500 CE", "NIFTY2450024500CE", "BANKNIFTY26NOVFUT", "order 1151261120106", "RELIANCE-EQ", "MA••••1", "a1b2c3d4e5f6"],
)
def test_contracts_orders_and_ids_are_not_taken_for_one(words: str) -> None:
    assert Redactor().redact(words) == words


def work(text: str) -> float:
    """Processor seconds for one text, by the quietest of three goes."""
    redactor = Redactor()

    def once() -> float:
        before = time.thread_time()
        redactor.redact(text)
        return time.thread_time() - before

    return min(once() for _ in range(3))


HALF_SHAPES = [
    "://", ":", "://a:", "a:", "eyJ", "eyJabcdefg", "eyJabcdefg.", "-eyJ", "otpauth:/", "123456789:", "bot1234567", "LOGIN",
    "code=", "/start ", "Bearer ", "Basic\t", "password", "password ", "pin=", "pin= ", "pin='", 'secret="', "totp%3A", "X", "*",
    "+9", "ABCP",
]  # fmt: skip


HEADS = ["", "eyJ", "://", "a ://a:", "password", "pin=", 'pin="', "Bearer "]


@pytest.mark.exhaustive
@pytest.mark.parametrize("head", these_first(HEADS[:2], HEADS))
def test_no_text_that_almost_fits_a_shape_costs_more_than_its_length(head: str) -> None:
    """Eight times the text costs eight times the work, not sixty-four: an answer of the broker's cannot stop the bot."""
    grown = {}
    for half in HALF_SHAPES:
        short, long = (head + half * (size // len(half)) for size in (1_500, 12_000))
        grown[half] = work(long) / max(work(short), 0.0002)
    assert {half: times for half, times in grown.items() if times > 25} == {}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("redis://:hunter2@127.0.0.1/0", "redis://***@127.0.0.1/0"),
        ("http://a:b:c@host", "http://***@host"),
        ("http://host:80/a@b and http://host:80", "http://host:80/a@b and http://host:80"),
        ("callback%20eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJN.c2ln-rest", "callback%20***"),
        ("tokeneyJeyJhbGciOiJIUzI1NiJ9.eyJz.c2ln.d", "token***.d"),
        ("eyJhbGciOiJIUzI1NiJ9 alone; eyJab.c", "eyJhbGciOiJIUzI1NiJ9 alone; eyJab.c"),
    ],
)
def test_a_shape_is_taken_out_wherever_it_begins_and_what_only_looks_like_it_stays(text: str, left: str) -> None:
    assert Redactor().redact(text) == left
