"""The page for secrets opens to one person, once, for ten minutes.

Whoever else knocks learns and changes nothing.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from bot.domain.errors import LoginRefused, PersonError, UsageError
from bot.domain.people.account import Role
from bot.simulators.loop import LoopClock
from bot.web.page_server import HEADERS, LARGEST
from bot.web.secret_page import SecretPage
from tests.bot.web.hall import ASHA, PATH, Hall, a_hall
from tests.stage.ports import free_port

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TYPED = {"client_code": "MA1234567", "api_key": "KEY-0123456789abcdef==", "password": "s3cret&'%pass", "code": "123456"}


class Reply:
    """One raw answer."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1]) if first else 0
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.text = self.body.decode("utf-8", "replace")


async def knock(port: int, raw: bytes) -> Reply:
    """Sends bytes as they are and reads until the page closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return Reply(answer)


async def answers(port: int) -> bool:
    """Whether anything listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def request(method: str, target: str, host: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def target_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


async def get(hall: Hall, address: str, **headers: str) -> Reply:
    return await knock(hall.port, request("GET", target_of(address), f"127.0.0.1:{hall.port}", headers))


async def post(hall: Hall, address: str, fields: Mapping[str, str] = TYPED, **headers: str) -> Reply:
    """Posts as the page's own form would. Headers given replace the usual ones."""
    usual = {
        "Origin": f"http://127.0.0.1:{hall.port}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Sec-Fetch-Site": "same-origin",
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = urlencode(fields).encode()
    return await knock(hall.port, request("POST", target_of(address), f"127.0.0.1:{hall.port}", usual | named, body))


@asynccontextmanager
async def linking(clock: LoopClock) -> AsyncIterator[tuple[Hall, str]]:
    async with a_hall(clock) as hall:
        yield hall, await hall.link()


async def test_what_is_typed_is_tried_and_the_person_hears_of_it_on_the_page_and_in_the_chat(clock: LoopClock) -> None:
    async with linking(clock) as (hall, address):
        page = await get(hall, address)
        assert page.status == 200
        assert "papa" in page.text
        done = await post(hall, address)
        assert (done.status, "papa (MA••••1) is linked" in done.text) == (200, True)
        ((label, credentials, code, by),) = hall.accounts.linked
        assert (label, code, by) == ("papa", "123456", ASHA)
        assert credentials.password.reveal() == TYPED["password"]
        assert credentials.api_key.reveal() == TYPED["api_key"]
        assert credentials.totp_seed is None
        asks = "Is a DDPI on file for it at mStock? papa: /ddpi yes, or /ddpi no."
        assert hall.told == [(ASHA, f"papa (MA••••1) is linked, and logged in. {asks}")]
        assert hall.opened == ["a2"]


async def test_with_a_seed_no_digits_are_needed_and_the_page_says_what_a_stored_seed_means(clock: LoopClock) -> None:
    async with linking(clock) as (hall, address):
        assert "makes your two factors one" in (await get(hall, address)).text
        fields = {**TYPED, "totp_seed": "jbsw y3dp ehpk 3pxp JBSW Y3DP EHPK 3PXP", "code": ""}
        assert (await post(hall, address, fields)).status == 200
        ((_, credentials, code, _),) = hall.accounts.linked
        assert (credentials.totp_seed and credentials.totp_seed.reveal(), code) == (SEED, None)


async def test_six_digits_for_a_login_can_be_typed_on_the_page(clock: LoopClock) -> None:
    async with a_hall(clock) as hall:
        address = await hall.login()
        assert "password" not in (await get(hall, address)).text.lower()
        done = await post(hall, address, {"code": "654321"})
        assert (done.status, hall.accounts.codes) == (200, ["654321"])


async def test_a_link_is_spent_by_its_first_try_whatever_came_of_it(clock: LoopClock) -> None:
    async with linking(clock) as (hall, address):
        hall.accounts.refuses = LoginRefused("mStock says that the code is wrong.")
        refused = await post(hall, address)
        assert (refused.status, "mStock says that the code is wrong." in refused.text) == (409, True)
        assert hall.told == [(ASHA, "mStock says that the code is wrong. Nothing was stored. For another try: /link papa")]
        hall.accounts.refuses = None
        assert [(await post(hall, address)).status, (await get(hall, address)).status] != [200, 200]
        assert hall.accounts.linked == []


async def test_of_fifty_forms_sent_at_once_one_is_tried_and_a_double_click_hears_what_became_of_it(clock: LoopClock) -> None:
    async with linking(clock) as (hall, address):
        others = [{**TYPED, "password": f"another-{number}"} for number in range(25)]
        answers = await asyncio.gather(*(post(hall, address, fields) for fields in [TYPED] * 25 + others))
        assert [answer.status for answer in answers] == [200] * 25 + [404] * 25
        assert all("is linked" in answer.text for answer in answers[:25])
        assert len(hall.accounts.linked) == 1


async def test_after_its_use_the_port_is_closed_and_after_ten_minutes_too(clock: LoopClock) -> None:
    async with linking(clock) as (hall, address):
        assert await answers(hall.port)
        await post(hall, address)
        await asyncio.sleep(3)
        assert not await answers(hall.port)
        later = await hall.link()
        await asyncio.sleep(9 * 60)
        assert (await get(hall, later)).status == 200
        await asyncio.sleep(62)
        assert not await answers(hall.port)
        assert hall.secret_entry.ticket(parse_qs(urlsplit(later).query)["code"][0]) is None


async def test_a_link_that_expired_while_its_page_stood_open_takes_nothing(clock: LoopClock) -> None:
    async with a_hall(clock) as hall:
        old = await hall.link()
        await asyncio.sleep(5 * 60)
        await hall.secret_entry.login(await hall.asha())  # another person's page would keep the port open as this one does
        await asyncio.sleep(5 * 60 + 1)
        assert (await post(hall, old)).status == 404
        assert hall.accounts.linked == []


async def test_a_newer_link_of_the_same_person_ends_the_older_one(clock: LoopClock) -> None:
    async with linking(clock) as (hall, old):
        new = await hall.link("mama")
        assert (await get(hall, old)).status == 404
        assert (await get(hall, new)).status == 200


async def test_who_was_removed_or_is_no_owner_any_more_enters_nothing(clock: LoopClock) -> None:
    for role in (None, Role.TRADER, Role.VIEWER):
        async with linking(clock) as (hall, address):
            hall.accounts.role = role
            assert (await post(hall, address)).status == 409
            assert hall.accounts.linked == []


async def test_a_label_that_cannot_be_typed_or_is_taken_gets_no_link(clock: LoopClock) -> None:
    async with a_hall(clock) as hall:
        for label in ("two words", "", "x" * 33, "a:b", "<b>"):
            with pytest.raises(UsageError):
                await hall.link(label)
        with pytest.raises(PersonError, match="linked already"):
            await hall.link("MAIN")
        assert not hall.page.is_open


async def test_codes_have_128_bits_and_are_never_kept(clock: LoopClock) -> None:
    async with a_hall(clock) as hall:
        codes = set()
        for _ in range(100):
            code = parse_qs(urlsplit(await hall.link()).query)["code"][0]
            codes.add(code)
            assert len(code) == 26, "128 bits in base32"
            assert code not in repr(vars(hall.secret_entry))
        assert len(codes) == 100


# Attacks


def attacks(hall: Hall, address: str) -> dict[str, bytes]:
    """Raw requests that the page's own form never makes, each with a living code."""
    target, host, origin = target_of(address), f"127.0.0.1:{hall.port}", f"http://127.0.0.1:{hall.port}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    good = urlencode(TYPED).encode()
    own = form | {"Origin": origin}

    def sent(headers: Mapping[str, str], body: bytes = good, *, name: str = host, to: str = target) -> bytes:
        return request("POST", to, name, headers, body)

    twice = request("POST", target, host, own, good).replace(b"\r\nConnection", b"\r\nHost: evil.example\r\nConnection", 1)
    code = parse_qs(urlsplit(address).query)["code"][0]
    return {
        "another name for this machine": sent(own, name="evil.example"),
        "localhost is another name too": sent(own, name=f"localhost:{hall.port}"),
        "another port": sent(own, name="127.0.0.1:1"),
        "two hosts": twice,
        "no origin": sent(form),
        "another origin": sent(form | {"Origin": "https://evil.example"}),
        "the null origin": sent(form | {"Origin": "null"}),
        "the null origin of a sandbox": sent(form | {"Origin": "null", "Sec-Fetch-Site": "cross-site"}),
        "an origin that begins alike": sent(form | {"Origin": origin + ".evil.example"}),
        "an origin over https": sent(form | {"Origin": origin.replace("http", "https")}),
        "a site that says it is another": sent(own | {"Sec-Fetch-Site": "cross-site"}),
        "a sister site": sent(own | {"Sec-Fetch-Site": "same-site"}),
        "JSON": sent({"Content-Type": "application/json", "Origin": origin}, json.dumps(TYPED).encode()),
        "plain text": sent({"Content-Type": "text/plain", "Origin": origin}),
        "multipart": sent({"Content-Type": "multipart/form-data; boundary=x", "Origin": origin}, b"--x--"),
        "squeezed": sent(own | {"Content-Encoding": "gzip"}),
        "a body too large": sent(own, good + b"&x=" + b"A" * LARGEST),
        "no code": sent(own, to=PATH),
        "a wrong code": sent(own, to=f"{PATH}?code={'A' * 26}"),
        "a code with one letter changed": sent(own, to=f"{PATH}?code={('B' if code[0] == 'A' else 'A') + code[1:]}"),
        "the code in small letters": sent(own, to=f"{PATH}?code={code.lower()}"),
        "a cut code": sent(own, to=f"{PATH}?code={code[:-1]}"),
        "two codes": sent(own, to=f"{target}&code={code}"),
        "the code in the body": sent(own, good + f"&code={code}".encode(), to=PATH),
        "a long code": sent(own, to=f"{PATH}?code={'A' * 4000}"),
        "bytes for a code": sent(own, to=f"{PATH}?code={quote(bytes(range(128, 160)))}"),
        "another path": sent(own, to=f"/other?code={code}"),
        "climbing": sent(own, to=f"/mstock/../etc/passwd?code={code}"),
        "a field twice": sent(own, good + b"&password=other"),
        "a field of its own": sent(own, good + b"&role=owner"),
        "an empty form": sent(own, b"x="),
        "no password": sent(own, urlencode({**TYPED, "password": " "}).encode()),
        "neither seed nor digits": sent(own, urlencode({**TYPED, "code": ""}).encode()),
        "digits that are none": sent(own, urlencode({**TYPED, "code": "12345a"}).encode()),
        "other digits": sent(own, urlencode({**TYPED, "code": "१२३४५६"}).encode()),
        "a line end in a field": sent(own, urlencode({**TYPED, "client_code": "MA\r\nX: 1"}).encode()),
        "a field too long": sent(own, urlencode({**TYPED, "password": "p" * 201}).encode()),
        "a seed that is none": sent(own, urlencode({**TYPED, "totp_seed": "0189"}).encode()),
        "PUT": request("PUT", target, host, own, good),
        "DELETE": request("DELETE", target, host, own),
        "OPTIONS": request("OPTIONS", target, host, own | {"Access-Control-Request-Method": "POST"}),
        "HEAD": request("HEAD", target, host),
        "TRACE": request("TRACE", target, host),
        "the form by GET": request("GET", f"{target}&{urlencode({**TYPED, 'code': ''}).replace('&code=', '')}", host),
        "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n",
        "this host in the line": sent(own, to=f"http://{host}{target}"),
        "another host in the line": sent(own, to=f"http://evil.example{target}"),
        "a socket": request("GET", target, "evil.example", {"Connection": "Upgrade", "Upgrade": "websocket"}),
        "a method nobody knows": request("PROPFIND", target, host, own),
        "an expectation": sent(own | {"Expect": f"{TYPED['password']}"}),
        "an expectation elsewhere": sent(own | {"Expect": f"{TYPED['password']}"}, to="/other"),
        "a line without a version": f"POST {target} {TYPED['password']}\r\n\r\n".encode(),
        "a version of its own": request("POST", target, host, own, good).replace(b"HTTP/1.1", b"HTTP/9.9"),
        "a header without a name": request("POST", target, host, own | {"": TYPED["password"]}, good),
        "a length that is none": request("POST", target, host, own | {"Content-Length": TYPED["password"]}),
        "a header too long": request("POST", target, host, own | {"X": "A" * 20_000}, good),
    }


async def test_nothing_but_the_pages_own_form_is_tried_and_nothing_typed_comes_back(clock: LoopClock) -> None:
    async with linking(clock) as (hall, address):
        tried = attacks(hall, address)
        assert len(tried) > 40
        for name, raw in tried.items():
            reply = await knock(hall.port, raw)
            by_get = name == "the form by GET"  # the empty page; what stood in the address was not read
            assert (reply.status == 200) == by_get, name
            assert hall.accounts.linked == [], name
            assert not any(secret in reply.text for key, secret in TYPED.items() if key != "code"), name
            assert "aiohttp" not in f"{reply.text}{reply.headers}", name
            assert {header: reply.headers.get(header.lower()) for header in HEADERS} == HEADERS, name
        assert (await post(hall, address)).status == 200, "after all that the code is still good for its own page"


async def test_the_same_is_refused_by_a_browser_that_another_site_sends(clock: LoopClock) -> None:
    async with linking(clock) as (hall, address):
        inside = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"}
        assert (await get(hall, address, **inside)).status == 403
        followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
        assert (await get(hall, address, **followed)).status == 200, "a link in the chat is followed from another site"


async def test_every_answer_carries_the_strict_headers(clock: LoopClock) -> None:
    async with linking(clock) as (hall, address):
        for reply in (
            await get(hall, address),
            await get(hall, f"http://x{PATH}?code=A"),
            await post(hall, address, Origin="https://evil.example"),
        ):
            for name, value in HEADERS.items():
                assert reply.headers[name.lower()] == value, name
            assert "set-cookie" not in reply.headers
        policy = HEADERS["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy, "not even our own: the page has no script"


async def test_a_form_that_trickles_is_given_up_and_another_can_be_sent(clock: LoopClock) -> None:
    async with linking(clock) as (hall, address):
        form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "500"}
        origin = f"http://127.0.0.1:{hall.port}"
        raw = request("POST", target_of(address), f"127.0.0.1:{hall.port}", {"Origin": origin, **form})
        slow = await knock(hall.port, raw + b"client_code=MA")
        assert slow.status == 400
        assert (await post(hall, address)).status == 200


async def test_a_thousand_guesses_open_nothing(clock: LoopClock) -> None:
    chance = random.Random(1)
    async with linking(clock) as (hall, address):
        for _ in range(1000):
            guess = "".join(chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(26))
            assert hall.secret_entry.ticket(guess) is None
        assert (await get(hall, address)).status == 200


# Addresses


@pytest.mark.parametrize("url", ["http://bot.example.in/mstock/callback", "http://10.0.0.5:5000/x", "http://192.168.1.2/"])
async def test_an_address_in_the_clear_that_is_not_this_hosts_gets_no_page(url: str, clock: LoopClock) -> None:
    async with a_hall(clock, url=url) as hall:
        with pytest.raises(PersonError, match="in the clear"):
            await hall.link()
        assert not hall.page.is_open


async def test_https_without_a_place_to_listen_is_refused_in_words() -> None:
    with pytest.raises(PersonError, match="WEB_LISTEN"):
        SecretPage("https://bot.example.in/mstock/callback").address("CODE")


async def test_behind_a_proxy_only_what_came_over_https_is_answered(clock: LoopClock) -> None:
    async with a_hall(clock, url="https://bot.example.in/mstock/callback") as hall:
        address = await hall.link()
        assert address.startswith("https://bot.example.in/mstock/callback?code=")
        target, name, form = target_of(address), "bot.example.in", urlencode(TYPED).encode()
        https = {"X-Forwarded-Proto": "https"}
        own = https | {"Origin": "https://bot.example.in", "Content-Type": "application/x-www-form-urlencoded"}

        async def status(method: str, headers: Mapping[str, str], host: str = name) -> int:
            return (await knock(hall.port, request(method, target, host, headers, form if method == "POST" else b""))).status

        assert await status("GET", {}) == 403
        assert await status("GET", {"X-Forwarded-Proto": "http"}) == 403
        assert await status("GET", https, f"127.0.0.1:{hall.port}") == 403
        assert await status("GET", https) == 200
        assert await status("POST", own | {"X-Forwarded-Proto": "http"}) == 403
        assert await status("POST", own | {"Origin": "http://bot.example.in"}) == 403
        shown = await knock(hall.port, request("GET", target, name, https))
        assert "strict-transport-security" in shown.headers
        assert await status("POST", own) == 200


async def test_a_port_that_is_taken_is_said_in_words(clock: LoopClock) -> None:
    async with a_hall(clock) as hall:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", hall.port)
        async with server:
            with pytest.raises(PersonError, match="is taken"):
                await hall.link()


async def test_ports_for_tests_are_free() -> None:
    given = [free_port() for _ in range(20)]
    assert len(set(given)) == 20
    assert max(given) < 32_768, "below what the system takes for connections"
