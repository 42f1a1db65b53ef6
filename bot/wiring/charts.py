"""Builds what the pictures show."""

from bot.domain.value import value
from bot.trading.account.account_views import AccountViews
from bot.trading.account.quotes import Quotes
from bot.trading.charts.candle_charts import CandleCharts
from bot.trading.charts.payoffs import Payoffs
from bot.wiring.ground import Ground


@value
class Charts:
    """The services that look up what is drawn."""

    candles: CandleCharts
    payoffs: Payoffs


def build_charts(ground: Ground, quotes: Quotes, views: AccountViews) -> Charts:
    """Builds them over this ground."""
    return Charts(
        candles=CandleCharts(
            store=ground.store,
            connections=ground.connections,
            quotes=quotes,
            reads=ground.reads,
            clock=ground.clock,
            mode=ground.mode,
        ),
        payoffs=Payoffs(quotes=quotes, views=views, prices=ground.prices, clock=ground.clock, mode=ground.mode),
    )
