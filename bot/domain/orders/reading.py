"""One way to read the words of an order."""

from bot.domain.orders.order import OrderRequest
from bot.domain.value import value


@value
class Reading:
    """A request that the words may mean. Plain is what the order of the words says, and not the shape of a figure alone.

    A rival names the other of two figures beside one CE as the strike. It is never taken, and makes a question of the other.
    """

    request: OrderRequest
    plain: bool = True
    rival: bool = False


# Readings of the words as they were typed, and of the words with what was glued together cut apart: the first that names
# something counts. Never empty.
Readings = tuple[tuple[Reading, ...], ...]
