"""Which short options an exit would leave without their cover: arithmetic on positions, for people who may only reduce."""

from collections.abc import Sequence

from bot.domain.market.instrument import Instrument, Right
from bot.domain.orders.order import OrderDraft
from bot.domain.positions.portfolio import Position


def uncovers(draft: OrderDraft, positions: Sequence[Position]) -> Instrument | None:
    """A short option that stands with less cover after this order than before it. None when there is none.

    Units are netted for each underlying and right: a short call is covered by long calls and long futures that live at least as
    long, a short put by long puts and short futures. Strikes are not weighed: a cover further away is still a cover.
    """
    before = [(each.instrument, each.quantity) for each in positions]
    after = [_moved(each, draft) for each in positions]
    for instrument, quantity in before:
        if instrument.right is None or quantity >= 0:
            continue
        if _bare(instrument, after) > _bare(instrument, before):
            return instrument
    return None


def leaves_bare(draft: OrderDraft, positions: Sequence[Position]) -> bool:
    """Whether the option that this order sells stands without cover after it, netted as in `uncovers`."""
    rows = [_moved(each, draft) for each in positions]
    if not any(each.instrument.key == draft.instrument.key and each.product is draft.product for each in positions):
        rows.append((draft.instrument, draft.side.sign * draft.quantity))
    return _bare(draft.instrument, rows) > 0


def covers(cover: Position, short: Position) -> bool:
    """Whether the one row is a cover of the other, which is a short option."""
    is_short = short.instrument.right is not None and short.quantity < 0
    return (
        is_short
        and _akin(cover.instrument, short.instrument)
        and _covering(cover.instrument, cover.quantity, short.instrument) > 0
    )


def _moved(position: Position, draft: OrderDraft) -> tuple[Instrument, int]:
    mine = position.instrument.key == draft.instrument.key and position.product is draft.product
    return position.instrument, position.quantity + (draft.side.sign * draft.quantity if mine else 0)


def _bare(short: Instrument, rows: Sequence[tuple[Instrument, int]]) -> int:
    """Units of shorts of this right that expire no later than this one, less what covers them."""
    shorts = sum(
        -quantity
        for instrument, quantity in rows
        if _akin(instrument, short) and instrument.right is short.right and quantity < 0 and _by(instrument, short)
    )
    covers = sum(_covering(instrument, quantity, short) for instrument, quantity in rows if _akin(instrument, short))
    return max(0, shorts - covers)


def _covering(instrument: Instrument, quantity: int, short: Instrument) -> int:
    if instrument.expiry is None or short.expiry is None or instrument.expiry < short.expiry:
        return 0
    if instrument.right is short.right:
        return max(0, quantity)
    if instrument.right is None:
        return max(0, quantity if short.right is Right.CE else -quantity)
    return 0


def _akin(one: Instrument, other: Instrument) -> bool:
    return one.is_derivative and one.symbol == other.symbol


def _by(one: Instrument, other: Instrument) -> bool:
    return one.expiry is not None and other.expiry is not None and one.expiry <= other.expiry
