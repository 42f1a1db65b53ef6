"""Each error as words for a person: what happened to the act, what to do next, and the id that finds the log line."""

import re
from collections.abc import Mapping

from bot.domain import errors
from handlers.views.keyboards import button, words
from handlers.views.message import Button, Part, View, bold, code, message, say
from handlers.views.taps.taps import WordsTap

# What became of the act, by class; the nearest class of an error's own line counts.
BECAME: Mapping[type[errors.BotError], str] = {
    errors.BotError: "Something went wrong.",
    errors.PersonError: "Nothing was sent.",
    errors.UsageError: "",
    errors.NotAllowed: "Nothing was done.",
    errors.ChoiceWanted: "",
    errors.UnknownSymbol: "",
    errors.CheckFailed: "Nothing was sent.",
    errors.ExitHeld: "Nothing was sent.",
    errors.ConfirmationGone: "",
    errors.EntriesBlocked: "Nothing was sent.",
    errors.PinClosed: "Nothing was done.",
    errors.PinWanted: "Nothing was done yet.",
    errors.WordsWanted: "Nothing was sent yet.",
    errors.PhoneLocked: "Nothing was shown or done. /kill still works.",
    errors.NotFound: "Nothing was done.",
    errors.BrokerError: "mStock did not do it as asked.",
    errors.NotSent: "Nothing was sent. Nothing waits in a queue: it is safe to ask again.",
    errors.NotLinked: "Nothing was sent. Nothing waits in a queue. /accounts shows what is linked.",
    errors.Refused: "",
    errors.StopWordsRefused: "Nothing was placed: mStock does not take a stop order in this form.",
    errors.OrderOver: "There is nothing left to change or cancel. /orders shows how it ended.",
    errors.AddressRefused: "Looking may still work. Register this host's address under Trading APIs → API key → Primary IP.",
    errors.SessionExpired: "Nothing was done. Log in and ask again.",
    errors.LoginRefused: "I do not try again by myself, because mStock locks the account after a few wrong tries.",
    errors.PasswordRefused: "I do not try it again by myself: mStock locks the account after a few. /login tries once more.",
    errors.TooFast: "Nothing was sent. mStock allows only so many requests.",
    errors.Unclear: "It may have happened. I will not do it again; look at the order book before you do.",
    errors.Unreadable: "No order was tried: nothing was sent or changed.",
    errors.DeliveryError: "My answer did not arrive. If you were sending an order, look at /orders before you ask again.",
    errors.PictureFailed: "Only drawing was tried. Nothing was sent or changed.",
    errors.StorageError: "My records could not be written. No order is sent while this lasts; the owner has to look at the host.",
    errors.StorageAway: "No order is sent while this lasts. Looking, /kill and cancels of entries work.",
    errors.VaultError: "The stored secrets did not open. No order is sent while this lasts; the owner has to look at the host.",
    errors.SettingsError: "A setting is wrong; the owner has to look at the host.",
    errors.IllegalMove: "That was a fault of mine. Look at /orders before you ask again.",
}

_FATE = re.compile(r"\b(?:nothing|no alert) was\b")
UNEXPECTED = "Something went wrong, and it was my fault. If you were sending an order, look at /orders before you ask again."


def failure(error: Exception, incident: str, *, account: str = "") -> View:
    """Words for any exception. account: the label that the person addressed, so that offered commands go there too."""
    if not isinstance(error, errors.BotError):
        return message(say(bold(UNEXPECTED)), say("id ", code(incident)))
    parts: list[Part | str] = [say(bold(error.say))]
    if isinstance(error, errors.CheckFailed):
        parts = _refusal(error)
    elif became := _became(error):
        parts.append(became)
    if isinstance(error, errors.UsageError):
        parts.append(say("Try ", code(error.example)))
    if isinstance(error, errors.Refused) and error.words and error.words not in error.say:
        parts.append(f"mStock's words: {error.words}")
    if isinstance(error, errors.TooFast):
        parts.append(f"Ask again in {max(1, round(error.retry_after))} s.")
    if has_incident(error):
        parts.append(say("id ", code(incident)))
    return message(*parts).with_keyboard(*_buttons(error, account))


def has_incident(error: Exception) -> bool:
    """Whether this error gets an id and a log line. What a person merely asked wrongly does not."""
    return not isinstance(error, errors.PersonError)


def _refusal(error: errors.CheckFailed) -> list[Part | str]:
    """Every reason, under what became of the act unless a reason says that itself."""
    if _tells(error) and len(error.reasons) == 1:
        return [say(bold(error.say))]
    title = [] if _tells(error) else [say(bold("Not sent."))]
    return [*title, *(f"• {reason}" for reason in error.reasons)]


def _became(error: errors.BotError) -> str:
    """What became of the act, and what to do. The first sentence is left out where the error's own words say that."""
    became = next(BECAME[kind] for kind in type(error).__mro__ if kind in BECAME)
    first, _, rest = became.partition(". ")
    is_said = first.rstrip(".").lower() in error.say.lower() or (first.startswith("Nothing was") and _tells(error))
    return rest if is_said else became


def _tells(error: errors.BotError) -> bool:
    """Whether the error's own words say what became of the act."""
    return _FATE.search(error.say.lower()) is not None


def _buttons(error: errors.BotError, account: str) -> list[list[Button]]:
    if isinstance(error, errors.ChoiceWanted | errors.CheckFailed) and error.near:
        return [[words(label, command, account=account)] for label, command in error.near[:8]]
    if isinstance(error, errors.SessionExpired | errors.LoginRefused):
        return [[words("Log in", "/login", account=account)]]
    if isinstance(error, errors.PhoneLocked):
        return [[button("Unlock", WordsTap("/unlock"))]]
    if isinstance(error, errors.EntriesBlocked) or (isinstance(error, errors.CheckFailed) and "/resume" in str(error.reasons)):
        return [[words("Resume…", "/resume", account=account)]]
    if isinstance(error, errors.Unclear | errors.DeliveryError):
        return [[button("Orders", WordsTap("/orders"))]]
    return []
