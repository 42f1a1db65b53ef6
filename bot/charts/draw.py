"""Any picture's value to its PNG.

Whoever imports this loads the drawing library.
"""

from bot.charts.candles import candle_chart
from bot.charts.payoff import payoff
from bot.charts.results import day_picture, equity_curve, month_heatmap
from bot.domain.pictures import CandleChart, DayPicture, EquityCurve, MonthHeatmap, Picture


def draw(picture: Picture) -> bytes:
    """The PNG of any picture. Pure: the same value gives the same bytes."""
    match picture:
        case CandleChart():
            return candle_chart(picture)
        case DayPicture():
            return day_picture(picture)
        case EquityCurve():
            return equity_curve(picture)
        case MonthHeatmap():
            return month_heatmap(picture)
        case _:
            return payoff(picture)
