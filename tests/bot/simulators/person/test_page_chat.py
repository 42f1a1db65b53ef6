"""The chat of the page in a real Chromium: what is read, typed and tapped there."""

import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.bot.simulators.person.chromium import CARD, LINES, artifact, content, in_real_time, no_chromium, opened
from tests.bot.simulators.person.demo_page import ONE_PIXEL, Bot, button, served

pytestmark = [pytest.mark.exhaustive, no_chromium, in_real_time]


async def test_a_visitor_is_led_from_hello_to_a_filled_order(chromium: Browser, talking: Bot, tmp_path: Path) -> None:
    bot = talking
    async with served(bot) as demo, opened(chromium, demo, width=1280, height=900) as seen:
        tab = seen.tab
        await expect(tab.get_by_text("What can this bot do?")).to_be_visible()
        guide = tab.locator("#guide")
        await expect(guide).to_contain_text("1/15")
        await guide.get_by_role("button", name="/start").click()
        assert (await bot.hears())["message"]["text"] == "/start"
        await expect(tab.locator("li.row.out .meta .ticks")).to_have_attribute("data-read", "no")
        bot.chats.act(bot.person.private, "typing")
        await expect(tab.locator("#presence")).to_have_text("typing")
        bot.send("Good morning. Try /login.")
        await expect(seen.row("Good morning")).to_be_visible()
        await expect(tab.locator("#presence")).to_have_text("bot")
        await expect(tab.locator("li.row.out .meta .ticks")).to_have_attribute("data-read", "yes")
        await expect(tab.locator("#rung-count")).to_have_text("1")
        await expect(tab.get_by_text("What can this bot do?")).to_be_hidden()

        await seen.row("Good morning").get_by_role("button", name="/login").click()
        assert (await bot.hears())["message"]["text"] == "/login"
        bot.send("Logged in until midnight.", silent=True)
        await expect(seen.row("Logged in").locator(".meta .hushed")).to_be_visible()
        await expect(tab.locator("#rung-count")).to_have_text("1")

        # Words with arguments are laid into the box, to be sent by the person.
        await guide.get_by_role("button", name="/buy RELIANCE 10").click()
        await expect(tab.get_by_label("Message", exact=True)).to_have_value("/buy RELIANCE 10")
        await tab.keyboard.press("Enter")
        assert (await bot.hears())["message"]["text"] == "/buy RELIANCE 10"
        card = bot.send(
            f"<pre>{CARD}</pre>",
            [button("Confirm buy", "c:1:y")],
            [button("Change", "c:1:c"), button("Discard", "c:1:n")],
        )
        await expect(guide).to_contain_text("tap Confirm")
        confirm = tab.get_by_role("button", name="Confirm buy")
        await confirm.click()
        await expect(confirm).to_have_attribute("aria-busy", "true")
        await confirm.click()  # an impatient second tap stays on the phone
        query = (await bot.hears())["callback_query"]
        assert (query["data"], query["message"]["message_id"]) == ("c:1:y", card)
        bot.answer(query, "Sending…")
        await expect(confirm).to_have_attribute("aria-busy", "false")
        await expect(tab.locator("#toast")).to_have_text("Sending…")
        assert len(bot.chats.updates.pending) == 1  # the one just heard, confirmed by the next look

        bot.edit(card, "#12 BUY 10 RELIANCE · open at 1,487.70", [button("Modify", "m"), button("Cancel", "x")])
        row = tab.locator(f'li.row[data-id="{card}"]')
        await expect(row).to_contain_text("open at 1,487.70")
        await expect(row.locator(".bubble")).to_have_class(re.compile("changed"))
        await expect(row.locator(".meta")).to_contain_text("edited")
        await expect(confirm).to_have_count(0)
        await expect(tab.locator("#rung-count")).to_have_text("2")  # Telegram does not ring for edits

        bot.send("<b>Filled</b> #12 BUY 10 RELIANCE, avg 1,480.30 · PAPER", reply_to=card)
        await expect(tab.locator("#rung-count")).to_have_text("3")
        quote = seen.row("Filled").locator(".answer")
        await expect(quote).to_contain_text("#12 BUY 10 RELIANCE · open at")
        await quote.click()
        await expect(row).to_be_focused()
        await expect(guide).to_contain_text("/positions")
        await tab.screenshot(path=artifact("demo-1280.png", tmp_path))


async def test_what_a_message_holds_stays_words_and_opens_nothing(chromium: Browser, talking: Bot) -> None:
    bot = talking
    hostile = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script> & M&M'
    async with served(bot) as demo, opened(chromium, demo) as seen:
        bot.person.say(hostile)
        place = bot.person.private
        raw = bot.chats.new_message(
            place,
            bot.chats.bot,
            text="link code 🟢 bold",
            entities=[
                {"type": "text_link", "offset": 0, "length": 4, "url": "javascript:window.pwned=1"},
                {"type": "code", "offset": 5, "length": 9},
                {"type": "bold", "offset": 10, "length": 400},
                {"type": "no_such_thing", "offset": 2, "length": 1},
                {"type": "pre", "offset": 900, "length": 5},
            ],
            rows=[[{"text": "Go", "url": "javascript:window.pwned=1"}, button("<b>M&M</b>", "</x>\"'\\ 1")]],
        )
        bot.chats.send(place, raw)
        row = seen.tab.locator(f'li.row[data-id="{raw.id}"]')
        await expect(seen.row("M&M").first).to_contain_text(hostile)
        await expect(row.locator(".words")).to_contain_text("link code 🟢 bold")
        assert await seen.tab.locator("#messages img, #messages script, #messages a[href^=javascript]").count() == 0
        await expect(row.get_by_role("button", name="Go")).to_be_disabled()
        await row.get_by_role("button", name="<b>M&M</b>").click()
        await bot.hears()
        query = (await bot.hears())["callback_query"]
        assert query["data"] == "</x>\"'\\ 1"
        bot.answer(query, "<b>no</b> market order on M&M", alert=True)
        await expect(seen.tab.get_by_role("dialog")).to_contain_text("<b>no</b> market order on M&M")
        await seen.tab.keyboard.press("Enter")
        await expect(seen.tab.get_by_role("dialog")).to_have_count(0)
        assert await seen.tab.evaluate("window.pwned") is None


@pytest.mark.parametrize("width", [390, 320])
async def test_thirty_characters_fit_a_narrow_phone_and_nothing_scrolls_sideways(
    chromium: Browser, talking: Bot, tmp_path: Path, width: int
) -> None:
    bot = talking
    ruler = "123456789012345678901234567890\nNet                +423.95 🟢\nx"
    bot.send(f"<pre>{ruler}</pre>", [button("Refresh", "f"), button("Exit…", "e"), button("P&L", "p")])
    bot.send("Late <blockquote expandable>" + "STT 268 · NSE 71 · brokerage 55 · stamp 28. " * 9 + "</blockquote>")
    bot.send("https://example.com/" + "a" * 300)
    async with served(bot) as demo, opened(chromium, demo, width=width, dark=width == 390) as seen:
        assert await seen.tab.locator("pre").evaluate(LINES) == 3
        for what in ("document.documentElement", "document.querySelector('#log')", "document.querySelector('pre')"):
            assert await seen.tab.evaluate(f"{what}.scrollWidth <= {what}.clientWidth"), what
        quote = seen.tab.locator(".quote-body")
        folded = await quote.evaluate("node => node.clientHeight")
        await seen.tab.get_by_role("button", name="Show all").click()
        assert await quote.evaluate("node => node.clientHeight") > folded
        desk = seen.tab.get_by_role("complementary", name="Exchange control desk")
        await expect(desk).to_be_hidden()
        await seen.tab.get_by_role("button", name="Exchange control desk").click()
        await expect(desk).to_be_visible()
        await seen.tab.screenshot(path=artifact(f"demo-desk-{width}.png", tmp_path))
        await seen.tab.keyboard.press("Escape")
        await expect(desk).to_be_hidden()
        await expect(seen.tab.get_by_role("button", name="Exchange control desk")).to_be_focused()
        await seen.tab.screenshot(path=artifact(f"demo-{width}.png", tmp_path))


async def test_all_of_it_can_be_done_at_the_keyboard(chromium: Browser, talking: Bot) -> None:
    bot = talking
    async with served(bot) as demo, opened(chromium, demo) as seen:
        tab, keys = seen.tab, seen.tab.keyboard
        box = tab.get_by_label("Message", exact=True)
        await keys.type("/po")  # no click before: letters find the box by themselves
        await expect(tab.locator("#commands").get_by_role("option")).to_have_text(["/positionsAbout positions"])
        await keys.press("Tab")
        await expect(box).to_have_value("/positions ")
        await keys.press("Enter")
        assert (await bot.hears())["message"]["text"] == "/positions"
        await keys.type("/")
        await expect(tab.locator("#commands").get_by_role("option")).to_have_count(5)
        await keys.press("ArrowDown")
        await keys.press("ArrowDown")
        await keys.press("Enter")
        assert (await bot.hears())["message"]["text"] == "/login"
        await expect(box).to_have_value("")
        await keys.type("two")
        await keys.press("Shift+Enter")
        await keys.type("lines")
        await keys.press("Enter")
        assert (await bot.hears())["message"]["text"] == "two\nlines"
        await keys.press("ArrowUp")
        await keys.press("Home")
        await keys.press("ArrowUp")
        await expect(box).to_have_value("/login")
        await keys.press("ArrowDown")
        await expect(box).to_have_value("two\nlines")
        await box.fill("")

        # From the box back into the log, up to the card, and its menu.
        bot.send("A card", [button("Confirm buy", "y")])
        await expect(seen.row("A card")).to_be_visible()
        await seen.row("two").focus()
        await keys.press("ArrowDown")
        await expect(seen.row("A card")).to_be_focused()
        await keys.press("Tab")
        await expect(tab.get_by_role("button", name="Confirm buy")).to_be_focused()
        await keys.press("Enter")
        bot.answer((await bot.hears())["callback_query"])
        await seen.row("A card").focus()
        await keys.press("Enter")
        await expect(tab.get_by_role("menuitem", name="Reply")).to_be_focused()
        await keys.press("Enter")
        await keys.type("q 20")
        await keys.press("Enter")
        said = (await bot.hears())["message"]
        assert (said["text"], said["reply_to_message"]["text"]) == ("q 20", "A card")

        # A message that held a secret: its owner deletes it, and it is gone at both ends.
        await expect(seen.row("q 20")).to_be_visible()
        await seen.row("q 20").focus()
        await keys.press("Enter")
        await keys.press("ArrowUp")
        await expect(tab.get_by_role("menuitem", name="Delete")).to_be_focused()
        await keys.press("Enter")
        await expect(tab.locator("li.row", has_text="q 20")).to_have_count(0)
        assert "q 20" not in [message["text"] for message in bot.person.history()]


async def test_pictures_files_copies_and_deletions_do_what_a_phone_does(chromium: Browser, talking: Bot) -> None:
    bot, place = talking, talking.person.private
    async with served(bot) as demo, opened(chromium, demo) as seen:
        tab = seen.tab
        await tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        picture = bot.chats.keep(name="net.png", mime="image/png", content=ONE_PIXEL, width=1, height=1)
        bot.chats.send(place, bot.chats.new_message(place, bot.chats.bot, text="Net, 20 Nov 2026", photo=picture))
        table = bot.chats.keep(name="trades.csv", mime="text/csv", content=b"a,b")
        copy = {"text": "NXQRO2611201234", "copy_text": {"text": "NXQRO2611201234"}}
        message = bot.chats.new_message(place, bot.chats.bot, text="Today", document=table, rows=[[copy]])
        bot.chats.send(place, message)
        image = tab.get_by_role("img", name="Net, 20 Nov 2026")
        await expect(image).to_be_visible()
        assert await image.evaluate("node => node.decode().then(() => node.naturalWidth)") == 1
        await tab.get_by_role("button", name="Enlarge the picture").click()
        await expect(tab.get_by_role("dialog", name="Picture")).to_be_visible()
        await tab.keyboard.press("Escape")
        await expect(tab.get_by_role("dialog")).to_have_count(0)

        async with tab.expect_download() as download:
            await tab.get_by_role("link", name="trades.csv").click()
        assert content(await (await download.value).path()) == b"a,b"
        await tab.get_by_role("button", name="NXQRO2611201234").click()
        await expect(tab.locator("#toast")).to_have_text("Copied")
        assert await tab.evaluate("navigator.clipboard.readText()") == "NXQRO2611201234"

        # Somebody who reads further up is not torn away, but told how much is below.
        for number in range(30):
            bot.send(f"line {number}", silent=True)
        await expect(seen.row("line 29")).to_be_in_viewport()
        await tab.locator("#log").evaluate("node => { node.scrollTop = 0; }")
        await expect(tab.get_by_role("button", name="To the newest message")).to_be_visible()
        bot.send("one more")
        bot.send("and another")
        await expect(tab.locator("#unread")).to_have_text("2")
        await expect(seen.row("and another")).not_to_be_in_viewport()
        await tab.get_by_role("button", name="To the newest message, 2 unread").click()
        await expect(seen.row("and another")).to_be_in_viewport()
        await expect(tab.locator("#to-end")).to_be_hidden()

        bot.delete(message.id)
        await expect(tab.get_by_role("link", name="trades.csv")).to_have_count(0)

        background = "getComputedStyle(document.querySelector('.chat-head')).backgroundColor"
        light = await tab.evaluate(background)
        await tab.get_by_role("button", name="Light or dark").click()
        assert await tab.evaluate(background) != light
        sound = tab.get_by_role("button", name="Sound when a message rings")
        await expect(sound).to_have_attribute("aria-pressed", "false")
        await sound.click()
        await expect(sound).to_have_attribute("aria-pressed", "true")


async def test_after_a_gap_the_page_shows_what_it_missed(chromium: Browser, talking: Bot) -> None:
    bot = talking
    bot.send("kept")
    edited, deleted = bot.send("before"), bot.send("deleted meanwhile")
    async with AsyncExitStack() as first:
        demo = await first.enter_async_context(served(bot))
        tab = await chromium.new_page()
        await tab.goto(demo.url)
        await expect(tab.locator("li.row")).to_have_count(3)
        await expect(tab.locator("#rung-count")).to_have_text("0")
        await first.aclose()
        await expect(tab.locator("#presence")).to_have_text("connecting")
        bot.edit(edited, "after")
        bot.delete(deleted)
        bot.send("missed")
        bot.send("missed without a sound", silent=True)
        async with served(bot, port=int(demo.url.rpartition(":")[2])):
            await expect(tab.locator("#presence")).to_have_text("bot", timeout=8000)
            await expect(tab.locator("li.row .words")).to_contain_text(["kept", "after", "missed", "missed without"])
            await expect(tab.locator("li.row")).to_have_count(4)
            await expect(tab.locator("#rung-count")).to_have_text("1")
        await tab.close()
