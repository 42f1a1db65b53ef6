"""What overtakes a person's own earlier words: the ways out, so that no hung read stands before an exit or a cancel."""

from collections.abc import Callable

from telegram import Update

from bot.domain.value import positional
from handlers.registry import parse_command
from handlers.telegram.admission import is_kill
from handlers.views.taps.exit_taps import ExitsTap
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import CardTap, CardVerb, EntriesTap, ExitTap, OrderTap, OrderVerb, WordsTap

COMMANDS = frozenset({"kill", "cancel_all", "cancel_order", "exit", "panic"})
_OUT = frozenset({OrderVerb.CANCEL, OrderVerb.EXIT, OrderVerb.HALF})


@positional
class Urgency:
    """Knows a way out by its words or its button."""

    is_exit: Callable[[str], bool]  # whether the question with this token is about an exit

    def __call__(self, update: Update) -> bool:
        """Whether this update is handled at once, beside whatever the same person has under way."""
        if update.message is not None and update.message.text:
            return _is_way_out(update.message.text)
        if update.callback_query is None or not update.callback_query.data:
            return False
        match decode(update.callback_query.data):
            case CardTap(verb=CardVerb.DISCARD | CardVerb.YES):
                return True
            case CardTap(token=token, verb=CardVerb.CONFIRM):
                return self.is_exit(token)
            case OrderTap(verb=verb):
                return verb in _OUT
            case EntriesTap() | ExitTap() | ExitsTap():
                return True
            case WordsTap(words=words):
                return _is_way_out(words)
        return False


def _is_way_out(text: str) -> bool:
    if is_kill(text):
        return True
    parsed = parse_command(text)
    return parsed is not None and parsed.command.name in COMMANDS
