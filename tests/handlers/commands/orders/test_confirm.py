"""The buttons of a question: each tap is answered, one tap acts, every other is told why it did not."""

from decimal import Decimal

import pytest

from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock
from bot.simulators.person.scripted import ScriptedPerson
from bot.simulators.telegram.errors import PersonError
from handlers.views.taps.tap import encode
from handlers.views.taps.taps import CardTap, CardVerb
from tests.handlers.chat import PAPA, a_bot, a_stage, a_world, later, run_bot, token_of
from tests.handlers.samples import A_STOP, ASHA, a_position
from tests.stage.values.orders import NIFTY_CALL


async def test_the_tap_is_answered_before_the_order_is_sent(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        seen: list[int] = []
        stage.broker.before_place = lambda: seen.append(len(stage.telegram.server.sent("answerCallbackQuery")))
        note = await stage.me.wait_for_note(stage.me.press("Confirm buy", card))
        assert note["text"] == "Sending…"
        await later(1)
        assert seen == [1]
        assert stage.broker.posts == 1


async def test_a_question_is_bound_to_the_message_that_shows_it(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await later(1)
        question = await stage.bot.question()
        assert (question.token, question.message_id) == (token_of(card), card["id"])


async def test_a_double_tap_sends_once_and_the_second_finger_is_told(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        first, second = (stage.me.press("Confirm buy", card) for _ in range(2))
        told = await stage.me.wait_for_note(second)
        assert (told["text"], told["alert"]) == ("This card was answered already.", True)
        assert (await stage.me.wait_for_note(first))["text"] == "Sending…"
        assert stage.broker.posts == 1
        now = stage.me.message(card["id"])
        assert now is not None
        assert now["text"] == card["text"], "the living card is not drawn over"


async def test_a_tap_on_an_answered_card_is_told_after_a_restart_too(clock: LoopClock) -> None:
    bot = await a_bot(clock)
    async with a_world(clock) as (chats, telegram):
        me = ScriptedPerson(chats, ASHA, name="Asha")
        async with run_bot(chats, telegram, bot, me=me):
            card = await me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
            await later(1)
            me.press("Confirm buy", card)
            await later(1)
        await bot.start()
        async with run_bot(chats, telegram, bot, me=me):
            me.press("Confirm buy", card)
            told = await me.wait_for("This card was answered already.")
            assert told["reply_to"] == card["id"]
        assert bot.broker.posts == 1


async def test_an_old_card_says_that_it_expired_and_offers_to_ask_again(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await later(61)
        stage.me.press("Confirm buy", card)
        gone = await stage.me.wait_for("This card was for BUY 10 RELIANCE and expired at 09:01:00. Nothing was sent.")
        assert gone["id"] == card["id"], "it says so in its own place"
        anew = await stage.me.choose("Ask again at the price of now", "BUY 10 RELIANCE")
        assert (anew["id"], token_of(anew) == token_of(card)) == (card["id"], False)
        await later(2)
        stage.me.press("Confirm buy", anew)
        await later(1)
        assert stage.broker.posts == 1


async def test_a_forged_tap_is_refused_in_words(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.me.forge(card["id"], "c:STOLENTOKEN:y")
        await stage.me.wait_for("I don't know this card. Nothing was sent.")
        menu = await stage.me.ask("/menu", "Menu")
        stage.me.forge(menu["id"], encode(CardTap(token_of(card), CardVerb.CONFIRM)))
        await stage.me.wait_for("This button belongs to another message. Nothing was sent.")
        note = await stage.me.wait_for_note(stage.me.forge(menu["id"], "zz:rubbish"))
        assert note["alert"]
        assert "Nothing was done" in note["text"]
        assert stage.broker.posts == 0


async def test_a_price_that_ran_away_is_asked_anew_in_the_same_message(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        stage.bot.connection.feed.ask = Decimal(1495)
        stage.me.press("Confirm buy", card)
        anew = await stage.me.wait_for("Asked again.")
        assert anew["id"] == card["id"]
        await later(1)
        question = await stage.bot.question()
        assert (question.token, question.message_id) == (token_of(anew), card["id"])
        assert stage.broker.posts == 0
        await later(1)
        stage.me.press("Confirm buy", anew)
        await later(1)
        assert stage.broker.posts == 1


async def test_discard_says_that_nothing_was_sent_and_takes_the_buttons_away(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        gone = await stage.me.choose("Discard", "Discarded. Nothing was sent.")
        assert (gone["id"], gone["buttons"]) == (card["id"], [])
        with pytest.raises(PersonError):
            stage.me.press("Confirm buy", gone)


async def test_change_opens_and_closes_in_place_and_a_change_is_a_new_question(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        opened = await stage.me.choose("Change", lambda each: "Bid 1,480.20" in str(each["buttons"]))
        assert (opened["id"], opened["text"]) == (card["id"], card["text"])
        closed = await stage.me.choose("Done", lambda each: "Discard" in str(each["buttons"]))
        assert [[item["label"] for item in line] for line in closed["buttons"]] == [["Confirm buy"], ["Change", "Discard"]]
        await stage.me.choose("Change", lambda each: "Bid 1,480.20" in str(each["buttons"]))
        changed = await stage.me.choose("Bid 1,480.20", "Limit                 1,480.20")
        assert changed["id"] == card["id"]
        assert "Done" in str(changed["buttons"]), "it stays open"
        stage.me.press("20")
        await later(1)
        ready = await stage.me.choose("Done", lambda each: "Confirm buy" in str(each["buttons"]))
        assert "BUY 20 RELIANCE" in ready["text"]
        drafts = [question.draft for question in await stage.bot.questions()]
        assert [(draft.quantity, draft.price) for draft in drafts if draft is not None][1:] == [
            (10, Decimal("1480.20")), (20, Decimal("1480.20")),
        ]  # fmt: skip


async def test_a_claim_that_finds_a_reason_says_it_on_the_card_and_leaves_no_live_button(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        for meanwhile, said in (
            ("/limits quantity 5", "• 10 is over your own limit of 5 for one order."),
            ("/kill", "stopped since"),
        ):
            card = (
                await stage.me.ask("/buy RELIANCE 2", "BUY 2 RELIANCE")
                if meanwhile == "/kill"
                else await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
            )
            await stage.me.ask(meanwhile, "main")
            stage.me.press("Confirm buy", card)
            told = await stage.me.wait_for(said)
            assert told["id"] == card["id"]
            assert "Confirm" not in str(told["buttons"])
        assert stage.broker.posts == 0


async def test_cancelling_the_only_stop_is_asked_in_words_first(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        stage.broker.held = [a_position(instrument=NIFTY_CALL, product=Product.NRML, quantity=65)]
        await stage.bot.stand(draft=A_STOP, status=OrderStatus.TRIGGER_PENDING)
        question = await stage.me.ask("cancel 1", "Cancel the stop #1?")
        await later(1)
        assert (await stage.bot.question()).message_id == question["id"]
        await stage.me.choose("No, keep it", "Kept. The stop stays.")
        assert stage.bot.cancelled() == []
        question = await stage.me.ask("cancel 1", "Cancel the stop #1?")
        await later(1)
        done = await stage.me.choose("Yes, cancel the stop", "Cancelled 1 order.")
        assert done["id"] == question["id"]
        assert stage.bot.cancelled() == [1]


async def test_a_limit_far_through_the_book_is_asked_again_in_the_same_message_and_no_sends_nothing(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10 @2000", "BUY 10 RELIANCE")
        await later(1)
        note = await stage.me.wait_for_note(stage.me.press("Confirm buy", card))
        assert note["text"] is None, "nothing is being sent"
        asked = await stage.me.wait_for("BUY 10 RELIANCE?")
        assert asked["id"] == card["id"]
        await later(2)
        await stage.me.choose("No", "Discarded. Nothing was sent.")
        assert stage.broker.posts == 0
        card = await stage.me.ask("/buy RELIANCE 10 @2000", lambda message: "Confirm buy" in str(message["buttons"]))
        await later(1)
        stage.me.press("Confirm buy", card)
        await stage.me.wait_for("BUY 10 RELIANCE?")
        await later(2)
        stage.me.press("Yes, buy 10 at 2,000.00")
        await later(2)
        assert stage.broker.posts == 1


async def test_resume_is_asked_in_words_and_lifts_the_switch(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/kill", "Stopped.")
        await stage.me.ask("/resume", "Allow new orders again?")
        kept = await stage.me.choose("No, stay stopped", "Nothing changed.")
        assert kept["buttons"] == []
        assert await stage.bot.stops() == ["main"]
        await stage.me.ask("/resume", "Allow new orders again?")
        await later(1)
        await stage.me.choose("Yes, allow new orders", "New orders are allowed again.")
        assert await stage.bot.stops() == []


@pytest.mark.parametrize("verb", [CardVerb.YES, CardVerb.UNLINK])
async def test_a_forged_yes_on_an_orders_card_says_that_it_does_not_fit_and_leaves_the_card_as_it_is(
    clock: LoopClock, verb: CardVerb
) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await later(1)
        stage.me.forge(card["id"], encode(CardTap(token_of(card), verb)))
        told = await stage.me.wait_for("This button does not belong to this question. Nothing was sent.")
        assert told["id"] != card["id"]
        now = stage.me.message(card["id"])
        assert now is not None
        assert (now["text"], now["buttons"]) == (card["text"], card["buttons"])
        assert not [each for each in stage.me.history() if "Cancel sent" in each["text"]]
        assert (stage.broker.posts, await stage.bot.done("unlink")) == (0, [])
        stage.me.press("Confirm buy", card)
        await later(1)
        assert stage.broker.posts == 1, "the card's own button still works"


async def test_a_forged_confirm_on_a_question_in_words_does_nothing(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        await stage.me.ask("/kill", "Stopped.")
        question = await stage.me.ask("/resume", "Allow new orders again?")
        await later(1)
        stage.me.forge(question["id"], encode(CardTap(token_of(question), CardVerb.CONFIRM)))
        await stage.me.wait_for("This button does not belong to this question. Nothing was sent.")
        stage.me.press("Yes, allow new orders", question)
        await stage.me.wait_for("New orders are allowed again.")


async def test_unlinking_is_asked_in_words_and_done_by_one_button_that_names_it(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER) as stage:
        await stage.bot.stand(PAPA)
        question = await stage.me.ask("/unlink papa", "Unlink 🟠 papa?")
        assert "#1 BUY 10 RELIANCE" in question["text"]
        assert "−65 NIFTY 24500 CE" in question["text"]
        await later(1)
        assert (await stage.bot.question()).message_id == question["id"]
        kept = await stage.me.choose("No, keep it linked", "Nothing changed. The account stays linked.")
        assert (kept["buttons"], await stage.bot.done("unlink")) == ([], [])
        question = await stage.me.ask("/unlink papa", "Unlink 🟠 papa?")
        done = await stage.me.choose("Yes, unlink papa", "Unlinked 🟠 papa.")
        assert (done["id"], done["buttons"]) == (question["id"], [])
        assert len(await stage.bot.done("unlink")) == 1
        assert await stage.bot.store.transaction(lambda db: [account.label for account in db.accounts.all()]) == ["main"]


async def test_digits_that_were_asked_for_an_account_are_not_taken_for_it_once_it_is_unlinked(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER, logged_in=False, seeds=False) as stage:
        await stage.me.ask("papa: /login", "Six digits, please.")
        await stage.me.ask("/unlink papa", "Unlink 🟠 papa?")
        await stage.me.choose("Yes, unlink papa", "Unlinked 🟠 papa.")
        said = stage.me.say("123456")
        await stage.me.wait_until_gone(said["id"])
        await stage.me.wait_for("No code is expected now.")
        assert (stage.broker.codes, stage.bot.papas.codes) == ([], [])


async def test_a_question_of_unlinking_that_is_refused_or_over_says_so_and_keeps_no_button(clock: LoopClock) -> None:
    async with a_stage(clock, papa=Role.OWNER) as stage:
        question = await stage.me.ask("/unlink papa", "Unlink 🟠 papa?")
        await later(61)
        told = await stage.me.choose("Yes, unlink papa", "This card expired at 09:01:00.")
        assert (told["id"], told["buttons"]) == (question["id"], [])
        question = await stage.me.ask("/unlink papa", "Unlink 🟠 papa?")
        await stage.bot.stand(PAPA, status=OrderStatus.UNKNOWN, broker_id=None)
        told = await stage.me.choose("Yes, unlink papa", "The outcome of #1 on papa is still open.")
        assert (told["id"], told["buttons"]) == (question["id"], [])
        assert await stage.bot.done("unlink") == []


async def test_a_tap_is_not_held_up_for_long_by_a_telegram_that_does_not_answer(clock: LoopClock) -> None:
    async with a_stage(clock) as stage:
        card = await stage.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await later(1)
        stage.chats.faults.add("slow", "answerCallbackQuery", seconds=8)
        tapped = clock.now()
        acted: list[float] = []
        stage.broker.before_place = lambda: acted.append((clock.now() - tapped).total_seconds())
        stage.me.press("Confirm buy", card)
        await later(20)
        assert stage.broker.posts == 1
        assert acted[0] < 1
