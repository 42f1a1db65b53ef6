"""What became of a question, for the message that asks it."""

from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import Order
from bot.domain.positions.conversion import Conversion
from bot.domain.value import value


@value
class EndedQuestion:
    """A question that is over while its message may still ask: it is owed until the message shows it."""

    question: Confirmation
    label: str  # of its account
    mark: str = ""
    why: tuple[str, ...] = ()  # it was refused
    order: Order | None = None  # that it was about, as it stands now
    conversion: Conversion | None = None  # that it licensed, as it stands now
