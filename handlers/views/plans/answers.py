"""What became of a question, in its own message: nobody answered it in time, it was discarded, refused, or done."""

from datetime import datetime

from bot.domain.errors import CheckFailed
from bot.domain.market.display_names import short
from bot.domain.orders.confirmation import Confirmation, ConfirmationState, Purpose
from bot.domain.proposals.ended_question import EndedQuestion
from handlers.views.failures import failure
from handlers.views.format import clock_time, count
from handlers.views.keyboards import button, words
from handlers.views.message import View, bold, message, say
from handlers.views.orders import convert
from handlers.views.orders.card import what
from handlers.views.plans.standing import place_button
from handlers.views.taps.basket_taps import BasketTap, BasketVerb
from handlers.views.taps.taps import CardTap, CardVerb

# What a question was that has no terms of an order, and what did not come of it once its time is over.
OVER = {
    Purpose.PLACE: ("", "nothing sent"),
    Purpose.MODIFY: ("", "nothing was changed"),
    Purpose.CONVERT: ("", "nothing changed"),
    Purpose.EXIT: ("List of exits", "nothing sent"),
    Purpose.PANIC: ("Panic", "nothing sent, new orders are not blocked by it"),
    Purpose.REVERSE: ("Reversal", "nothing sent"),
    Purpose.BASKET: ("Basket", "nothing sent"),
    Purpose.CANCEL: ("Cancel", "nothing was cancelled"),
    Purpose.RESUME: ("Resume", "new orders stay blocked"),
    Purpose.UNLINK: ("Unlink", "the account stays linked"),
    Purpose.PNL_EXIT: ("P&L exit", "it does not watch"),
    Purpose.TRAIL: ("Trail", "nothing follows the price by it"),
    Purpose.STOPS: ("Stops", "no stop was placed"),
    Purpose.KEEP: ("Stop to keep", "it was not placed"),
    Purpose.KEEP_ONLY: ("Stop to keep", "it is not kept"),
}
AGAIN = {Purpose.EXIT: ("Exit…", "/exit"), Purpose.PANIC: ("Ask again", "/panic")}
NO = {
    Purpose.CANCEL: ("Kept.", "The stop stays."),
    Purpose.RESUME: ("Nothing changed.", "New orders stay blocked."),
    Purpose.UNLINK: ("Nothing changed.", "The account stays linked."),
    Purpose.CONVERT: ("Discarded.", "Nothing was changed."),
    Purpose.PNL_EXIT: ("Discarded.", "Nothing is watched."),
    Purpose.TRAIL: ("Discarded.", "Nothing was sent, and no stop follows."),
    Purpose.STOPS: ("Discarded.", "No stop was placed."),
    Purpose.KEEP: ("Discarded.", "No stop was placed."),
    Purpose.KEEP_ONLY: ("Discarded.", "No stop was placed."),
}
# What its Confirm did, and where that stands now.
DONE = {
    Purpose.TRAIL: ("The stop was set to follow the price.", "Trails", "/trail"),
    Purpose.PNL_EXIT: ("The P&L exit was set.", "P&L exits", "/exit if"),
    Purpose.STOPS: ("Each of these stops goes once, for what is open then.", "Orders", "/orders"),
    Purpose.KEEP: ("The stop goes once, for what is open then, and is kept.", "Stops", "/stops"),
    Purpose.KEEP_ONLY: ("The stop is kept. It is placed from the next trading day on.", "Stops", "/stops"),
    Purpose.RESUME: ("New orders were allowed again.", "Status", "/status"),
    Purpose.UNLINK: ("The account was unlinked, and its secrets destroyed here.", "Accounts", "/accounts"),
}
CUT_OFF = ("I was cut off before I knew what came of it. Look at the orders before you ask again.", "Orders", "/orders")


def answer(told: EndedQuestion, mode: str, now: datetime) -> View:
    """One line or a few, with what can still be done."""
    question, label = told.question, told.label
    name = _name(question, now)
    match question.state:
        case ConfirmationState.EXPIRED:
            return expired(told, now)
        case ConfirmationState.DISCARDED:
            return discarded(question, label, now)
        case ConfirmationState.REPLACED:
            return message(say(bold("Replaced."), " A newer card stands below. Nothing was sent by this one."), name)
        case ConfirmationState.CLAIMED if told.conversion is not None:
            return convert.ended(told.conversion, label, mode)
        case ConfirmationState.CLAIMED:
            done, shown, command = DONE.get(question.purpose, CUT_OFF)
            return message(say(bold("Confirmed."), f" {done}"), name).with_keyboard([words(shown, command, account=label)])
        case _ if question.purpose is Purpose.MODIFY:
            return message(say(bold("Not changed.")), *(f"• {reason}" for reason in told.why), name)
        case _:
            return failure(CheckFailed(told.why), "", account=label).and_then(say(name))


def expired(told: EndedQuestion, now: datetime) -> View:
    """One line in the place of a question whose time is over, or whose order ended first."""
    question, order, label = told.question, told.order, told.label
    name = _name(question, now)
    if order is not None and order.status.is_final:
        act = name if question.draft is not None else f"{name} #{order.number}"
        return message(f"{act} · #{order.number} is {order.status.lower()} already, nothing was changed")
    if question.purpose is Purpose.STOPS:  # nothing guards yet, so that the way back stays
        text = " No stop was placed, and nothing guards these positions."
        return message(say(bold("STOPS · expired."), text)).with_keyboard([place_button(label)])
    view = message(f"{name} · expired {clock_time(question.expires_at)}, {OVER[question.purpose][1]}")
    match question.purpose:
        case Purpose.PLACE:
            return view.with_keyboard([button("Ask again", CardTap(question.token, CardVerb.AGAIN, label))])
        case Purpose.BASKET:
            return view.with_keyboard([button("Ask again", BasketTap(question.token, BasketVerb.AGAIN, label))])
        case purpose if purpose in AGAIN:
            return view.with_keyboard([words(*AGAIN[purpose], account=label)])
        case _:
            return view


def discarded(question: Confirmation, label: str, now: datetime) -> View:
    """A question that was answered with no."""
    name, nothing = NO.get(question.purpose, ("Discarded.", "Nothing was sent."))
    named = [what(question.draft, now)] if question.draft is not None and question.purpose not in NO else []
    again = [place_button(label)] if question.purpose is Purpose.STOPS else []
    return message(say(bold(name), f" {nothing}"), *named).with_keyboard(again)


def refused(refusal: View, question: Confirmation, now: datetime) -> View:
    """Why the claim refused. It takes the card's place, so it also says which order that was."""
    return refusal if question.draft is None else refusal.and_then(say(what(question.draft, now).split(" · ")[0]))


def _name(question: Confirmation, now: datetime) -> str:
    draft = question.draft
    if draft is None:
        return OVER[question.purpose][0]
    if question.purpose is Purpose.CONVERT:
        return f"Convert {count(draft.quantity)} {short(draft.instrument)} to {draft.product}"
    return f"Change to {what(draft, now)}" if question.purpose is Purpose.MODIFY else what(draft, now)
