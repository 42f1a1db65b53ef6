"""The keypad and what is said about a PIN and a sealed phone.

No view ever shows a digit that was tapped.
"""

from bot.domain.people.access import Pad, PadEnded, PadStep, PadUse, PinState
from handlers.views.format import clock_time
from handlers.views.keyboards import button
from handlers.views.message import View, bold, message, say
from handlers.views.taps.taps import PadTap, WordsTap

_TITLES = {
    PadStep.CURRENT: "Your PIN",
    PadStep.NEW: "A new PIN of six digits",
    PadStep.AGAIN: "The new PIN once more",
}
_BACK = 10
_LENGTH = 6


def pad(pad: Pad, why: str) -> View:
    """Ten shuffled digits. The message counts what was tapped in dots."""
    places = [button(str(digit), PadTap(pad.id, place)) for place, digit in enumerate(pad.digits)]
    rows = [places[0:3], places[3:6], places[6:9]]
    rows.append([button("Give up", PadTap(pad.id, None)), places[9], button("⌫", PadTap(pad.id, _BACK))])
    dots = "●" * pad.entered + "○" * (_LENGTH - pad.entered)
    lines = [line for line in (why, pad.note) if line]
    until = f"Tap it here, until {clock_time(pad.until)}."
    return message(say(bold(_TITLES[pad.step]), f"  {dots}"), *lines, until).with_keyboard(*rows)


def ended(outcome: PadEnded) -> View:
    """The keypad is gone. What it was for is said in words."""
    more = {
        PadUse.SET: "It is asked above your soft limit (/limits pin), after 12 idle hours, after going live, before limits are "
        "loosened, people come or go, and the kill switch is lifted; never for an exit. Forgotten, it is taken away on the host.",
        PadUse.UNSEAL: "Cards from before stay dead.",
    }.get(outcome.use, "")
    return message(say(bold(outcome.say)), *([more] if outcome.right and more else []))


def given_up() -> View:
    return message("Keypad closed. Nothing was done.")


def state(pin_state: PinState) -> View:
    """What there is, and what can be done with it."""
    lines = [f"Too many wrong tries: none is taken until {clock_time(pin_state.closed_until)}."] if pin_state.closed_until else []
    return message(say(bold("You have a PIN.")), *lines).with_keyboard(
        [button("Change it", WordsTap("/pin change")), button("Remove it", WordsTap("/pin remove"))]
    )


def phone_locked(pin_state: PinState, person: int) -> View:
    """Says that from here on the phone shows nothing and sends nothing, but can still stop trading."""
    how = "Your PIN opens it." if pin_state.set else f"It is opened on the host: python -m bot people unlock {person}"
    rows = [[button("Unlock", WordsTap("/unlock"))]] if pin_state.set else []
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
