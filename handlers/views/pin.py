"""The keypad and what is said about a PIN and a sealed phone; no view ever shows a digit that was tapped."""

from bot.domain.people.access import Pad, PadEnded, PadStep, PadUse, PinState
from handlers.views.format import clock_time
from handlers.views.keyboards import button
from handlers.views.message import View, bold, message, say
from handlers.views.taps import PadTap, WordsTap

_TITLES = {
    PadStep.CURRENT: "Your PIN",
    PadStep.NEW: "A new PIN of six digits",
    PadStep.AGAIN: "The new PIN once more",
}
_BACK = 10
_LENGTH = 6


def pad(found: Pad, why: str) -> View:
    """Ten shuffled digits; the message counts what was tapped in dots."""
    places = [button(str(digit), PadTap(found.id, place)) for place, digit in enumerate(found.digits)]
    rows = [places[0:3], places[3:6], places[6:9]]
    rows.append([button("Give up", PadTap(found.id, None)), places[9], button("⌫", PadTap(found.id, _BACK))])
    dots = "●" * found.entered + "○" * (_LENGTH - found.entered)
    lines = [line for line in (why, found.note) if line]
    until = f"Tap it here, until {clock_time(found.until)}."
    return message(say(bold(_TITLES[found.step]), f"  {dots}"), *lines, until).with_keyboard(*rows)


def ended(found: PadEnded) -> View:
    """The keypad is gone; what it was for is said in words."""
    more = {
        PadUse.SET: "It is asked above your soft limit (/limits pin), after 12 idle hours, after going live, before limits are "
        "loosened, people come or go, and the kill switch is lifted; never for an exit. Forgotten, it is taken away on the host.",
        PadUse.UNSEAL: "Cards from before stay dead.",
    }.get(found.use, "")
    return message(say(bold(found.say)), *([more] if found.right and more else []))


def given_up() -> View:
    return message("Keypad closed. Nothing was done.")


def state(found: PinState) -> View:
    """What there is, and what can be done with it."""
    lines = [f"Too many wrong tries: none is taken until {clock_time(found.closed_until)}."] if found.closed_until else []
    return message(say(bold("You have a PIN.")), *lines).with_keyboard(
        [button("Change it", WordsTap("/pin change")), button("Remove it", WordsTap("/pin remove"))]
    )


def sealed(found: PinState, person: int) -> View:
    """From here on the phone shows nothing and sends nothing, but can still stop trading."""
    how = "Your PIN opens it." if found.set else f"It is opened on the host: python -m bot people unlock {person}"
    rows = [[button("Unlock", WordsTap("/unlock"))]] if found.set else []
    return message(
        say(bold("Sealed.")),
        "Nothing is shown or sent from here any more; your open cards are dead. /kill still works.",
        "Fills still ring. Clear this chat if they should not be read either.",
        how,
    ).with_keyboard(*rows)


def lock_without_pin() -> View:
    return message(
        say(bold("You have no PIN."), " Sealed now, this phone could be opened on the host alone."),
    ).with_keyboard([button("Set a PIN first", WordsTap("/pin set")), button("Seal it anyway", WordsTap("/lock now"))])


def not_sealed() -> View:
    return message("This phone is not sealed.")
