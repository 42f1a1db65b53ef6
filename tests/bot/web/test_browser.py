"""The page for secrets in a real Chromium: typed, sent once, and nothing of it kept in the browser."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, Page, async_playwright, expect

from bot.domain.clock import SystemClock
from bot.domain.errors import LoginRefused
from bot.domain.people.secret_entry import SEED_SENTENCE
from tests.bot.web.hall import PATH, a_hall

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
in_real_time = pytest.mark.asyncio(loop_scope="module", loop_factories=["real"])
pytestmark = [pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is found on this machine"), in_real_time]

PASSWORD, KEY = "CANARY-pass&word", "CANARY-api-key-0123456789=="


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        await launched.close()


async def at_rest(tab: Page) -> str:
    """What the tab holds once it goes nowhere any more: a way back to a page that is closed ends on the browser's own page."""
    for _ in range(100):
        with contextlib.suppress(Error):
            return await tab.content()
        await tab.wait_for_timeout(50)
    raise AssertionError("the tab does not come to rest")


@pytest.mark.exhaustive
async def test_an_account_is_linked_by_hand_and_the_browser_keeps_nothing(browser: Browser) -> None:
    async with a_hall(SystemClock()) as hall:
        context = await browser.new_context()
        tab = await context.new_page()
        broken: list[str] = []
        asked: list[str] = []
        tab.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
        tab.on("request", lambda request: asked.append(urlsplit(request.url).path))
        await tab.goto(await hall.link())
        await expect(tab.locator("h1")).to_have_text("Link an account: papa")
        await expect(tab.locator("form")).to_contain_text(SEED_SENTENCE)
        for name in ("client_code", "api_key", "password", "totp_seed", "code"):
            await expect(tab.locator(f"#{name}")).to_have_attribute("autocomplete", "off")
        assert await tab.locator("button").evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(26, 95, 180)", (
            "the style is let in by its hash"
        )
        await tab.get_by_label("Client code").fill("MA1234567")
        await tab.get_by_label("API key").fill(KEY)
        await tab.get_by_label("Password").fill(PASSWORD)
        await tab.get_by_label("six digits").fill("12345")
        await tab.get_by_role("button").click()
        assert hall.accounts.linked == [], "the browser itself stops five digits"
        await tab.get_by_label("six digits").fill("123456")
        await tab.get_by_role("button").dblclick()
        await expect(tab.locator("body")).to_contain_text("papa (MA••••1) is linked")
        await tab.wait_for_load_state("networkidle")  # a double click brings the answer twice
        ((_, credentials, code, _),) = hall.accounts.linked
        assert (credentials.password.reveal(), credentials.api_key.reveal(), code) == (PASSWORD, KEY, "123456")

        kept = await tab.evaluate(
            "async () => [localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length, "
            "(await caches.keys()).length, navigator.serviceWorker.controller]"
        )
        assert kept == [0, 0, "", 0, 0, None]
        assert await context.cookies() == []
        assert PASSWORD not in await at_rest(tab)
        with contextlib.suppress(Error):  # the page is closed: a browser that kept nothing has nothing to show
            await tab.go_back()
        back = await at_rest(tab)
        assert PASSWORD not in back, "the way back shows no filled form"
        assert KEY not in back
        assert set(asked) <= {PATH, "/favicon.ico"}, "the page fetches nothing"
        assert [words for words in broken if "Content Security Policy" in words] == []
        await context.close()


@pytest.mark.exhaustive
async def test_a_refusal_is_said_in_words_and_the_link_is_spent(browser: Browser) -> None:
    async with a_hall(SystemClock()) as hall:
        hall.accounts.refuses = LoginRefused("mStock says that the <code> is wrong.")
        tab = await browser.new_page()
        address = await hall.login()
        await tab.goto(address)
        await tab.get_by_label("Six digits").fill("000000")
        await tab.keyboard.press("Enter")
        await expect(tab.locator("body")).to_contain_text("mStock says that the <code> is wrong.")
        hall.accounts.refuses = None
        await hall.link("keeps-the-port-open")
        await tab.goto(address)
        await expect(tab.locator("body")).to_contain_text("not open any more")
        assert hall.accounts.codes == []
        await tab.close()


@pytest.mark.exhaustive
async def test_no_other_site_can_frame_the_page_or_send_its_form(browser: Browser) -> None:
    async with a_hall(SystemClock()) as hall:
        address = await hall.link()
        tab = await browser.new_page()
        await tab.route("http://evil.example/", lambda route: route.fulfill(body=_evil(address), content_type="text/html"))
        await tab.goto("http://evil.example/")
        await tab.locator("button").click()
        await expect(tab.locator("body")).to_contain_text("Another site may not speak for you.")
        assert hall.accounts.linked == []
        await tab.goto("http://evil.example/")
        framed = tab.frames[-1]
        assert "Client code" not in await framed.content()
        await tab.close()


def _evil(address: str) -> str:
    fields = "".join(f'<input name="{name}" value="x">' for name in ("client_code", "api_key", "password"))
    return (
        f'<form method="post" action="{address}">{fields}<input name="code" value="123456"><button>Win</button></form>'
        f'<iframe src="{address}"></iframe>'
    )
