"""An order for the next session, sent while the market is closed: a plain limit, priced from the close where none was named."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed, ChoiceWanted
from bot.domain.market.calendar import Window
from bot.domain.market.display_names import short
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.money import in_price, tick_down, tick_up
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.orders.order_text import request_line
from bot.domain.plans.plan import Attached
from bot.domain.proposals.proposal import Remark
from bot.domain.terms import OrderKind, Side, Validity
from bot.domain.value import value
from bot.trading.checks.remarks import takes_again


@value
class ForSession:
    """A request as it is sent in the evening, and the session that it is for."""

    request: OrderRequest
    session: date | None  # None: such orders are not sent here, and it is asked as one of the next opening
    remarks: tuple[Remark, ...]

    def of(self, draft: OrderDraft) -> OrderDraft:
        """The draft, for that session."""
        return replace(draft, session=self.session)


def for_session(
    request: OrderRequest, instrument: Instrument, price: Price | None, window: Window | None, *, reduces: bool, sent: bool
) -> ForSession | None:
    """The session that the order is for. None: it is for now.

    ChoiceWanted where the market takes it now, CheckFailed for what no such order can carry.
    sent: after-market orders are sent here. Otherwise its card offers one at the opening, and says why.
    """
    if not request.after_market:
        return None
    opens = takes_again(window, reduces=reduces)
    if opens is None:
        near = [("Ask for it now", request_line(replace(request, after_market=False)))]
        raise ChoiceWanted("The market takes orders now: an after-market order is for the evening.", near=near)
    if not sent:
        remark = Remark(name="after_market", say="No after-market orders here (AFTER_MARKET is off): a card at 09:16 instead")
        return ForSession(request=replace(request, after_market=False), session=None, remarks=(remark,))
    if request.market or request.trigger is not None or request.validity is Validity.IOC or request.disclosed is not None:
        raise CheckFailed(["An after-market order is a plain limit here: no market, no stop, no IOC, nothing hidden."])
    if request.stop is not None or request.target is not None:
        raise CheckFailed(["A stop or a target is set once the order is filled; a card at 09:16 can carry both."])
    session = ist_date(opens)
    if request.price is not None:
        return ForSession(request=request, session=session, remarks=sent_for(session))
    if price is None:
        raise CheckFailed([f"The close of {short(instrument)} is not known now: name a limit."])
    remarks = sent_for(session, f", priced from the close {in_price(price.last)}")
    request = replace(request, price=_rounded(request.side, instrument, price))
    return ForSession(request=request, session=session, remarks=remarks)


def sent_for(session: date | None, priced: str = "") -> tuple[Remark, ...]:
    """What the card of an after-market order says of its session. None: it is an order of now."""
    if session is None:
        return ()
    return (Remark(name="after_market", say=f"Sent now, for the session of {session:%a} {session.day} {session:%b}{priced}"),)


def evening_limit(draft: OrderDraft, price: Price | None, attached: Attached | None) -> Decimal | None:
    """The limit in rupees of an after-market order in this draft's place. None where it could not be one."""
    plain = draft.kind is OrderKind.LIMIT and draft.validity is not Validity.IOC and draft.disclosed is None
    if not plain or attached not in (None, Attached()) or price is None:
        return None
    return _rounded(draft.side, draft.instrument, price) if draft.protected else draft.price


def _rounded(side: Side, instrument: Instrument, price: Price) -> Decimal:
    return tick_down(price.last, instrument.tick) if side is Side.BUY else tick_up(price.last, instrument.tick)
