"""The afternoon's messages say what happens when, and each carries its way out."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.clock import at_ist
from bot.domain.news.days.rings import (
    AuctionBegun,
    AuctionOver,
    BandNear,
    FeedMute,
    LossNear,
    MarginNear,
    NoStop,
    OpenRow,
    StopsEnd,
    UnprotectedTonight,
)
from bot.domain.news.notice import Notice
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble
from bot.domain.orders.order import OrderStatus
from bot.domain.terms import Product
from handlers.views.message import View
from tests.handlers.rings import AT, CALL, ENTRY, FRIDAY, LONG, SALE, SHORT, STOP, square_off
from tests.handlers.views.news.test_notices import draw
from tests.stage.values.market import a_share


def lines(news: Notice) -> list[str]:
    return draw(news).plain.splitlines()[:-1]  # without account and mode


def labels(view: View) -> list[str]:
    return [item.label for line in view.keyboard for item in line]


def test_square_off_names_the_time_what_cannot_be_carried_and_the_entries_that_rest() -> None:
    assert lines(square_off()) == [
        "mStock closes these from 15:10 and asks a fee for it.",
        "−10 RELIANCE MIS; cannot be carried",
        "Resting, would open more:",
        "#7 BUY 10 RELIANCE MIS at 1,480.30",
    ]
    assert labels(draw(square_off())) == ["Exit RELIANCE", "Cancel #7"]
    assert "not proven" in draw(square_off(proven=False)).plain


def test_a_part_that_no_stop_covers_is_named_beside_the_whole() -> None:
    assert lines(NoStop(rows=(replace(LONG, quantity=15, held=25), SHORT))) == [
        "No stop.",
        "+15 of +25 RELIANCE MIS",
        "−10 RELIANCE MIS",
    ]


def test_only_a_share_sold_short_cannot_be_carried() -> None:
    assert [row.can_be_carried for row in (SHORT, LONG, CALL)] == [False, True, True]


def test_stops_that_the_exchange_cancels_carry_the_exit() -> None:
    view = draw(StopsEnd(at=at_ist(FRIDAY, 15, 15), stops=(STOP,)))
    assert view.plain.startswith("The exchange cancels these stops at 15:15: their shares go into the closing auction.")
    assert "#8 BUY 10 RELIANCE MIS, trigger 1,500.00" in view.plain
    assert labels(view) == ["Exit RELIANCE"]


def test_the_auction_names_what_waits_in_it_and_the_targets_that_do_not() -> None:
    assert lines(AuctionBegun(orders_from=at_ist(FRIDAY, 15, 20), limits=(ENTRY,), targets=(SALE.draft,))) == [
        "Closing auction. No orders until 15:20.",
        "Now in the auction:",
        "#7 BUY 10 RELIANCE MIS at 1,480.30",
        "Targets held by me end here; they do not act in the auction:",
        "SELL 10 RELIANCE at 1,480.30",
        "From 15:20 an exit goes into the auction.",
    ]


def test_what_was_not_sold_names_the_rest_and_the_post_close_and_a_short_goes_to_auction() -> None:
    view = draw(AuctionOver(unsold=(SALE,), shorts=(SHORT,), post_close=at_ist(FRIDAY, 15, 50)))
    assert "#9 SELL 6 RELIANCE CNC" in view.plain
    assert "Will go to auction: short, and not bought back today." in view.plain
    assert labels(view) == ["Post-close 15:50: RELIANCE", "Positions"]
    intraday = replace(SALE, draft=replace(SALE.draft, product=Product.MIS))
    assert labels(draw(AuctionOver(unsold=(intraday,), shorts=(), post_close=None))) == ["Positions"]


def test_the_night_names_each_position_with_what_is_left_of_its_stop() -> None:
    assert lines(UnprotectedTonight(bare=(CALL,), stopped=(CALL,)))[1:] == [
        "−65 NF 24500CE 23Nov NRML: no stop",
        "−65 NF 24500CE 23Nov NRML: its stop ends with the day",
    ]


def test_many_rows_are_counted() -> None:
    rows = tuple(OpenRow(instrument=a_share(f"S{number}"), product=Product.MIS, quantity=1) for number in range(11))
    view = draw(NoStop(rows=rows))
    assert "And 3 more: /positions" in view.plain
    assert len(labels(view)) == 9


def test_the_loss_the_margin_and_the_band_are_named_with_where_they_end() -> None:
    loss = draw(LossNear(at=AT, result=Decimal("-4100.50"), limit=Decimal(5000), charges=None)).plain
    assert "−4,100.50 at 15:10:00, before charges, which are not known; the limit is 5,000" in loss
    margin = draw(MarginNear(at=AT, lost=Decimal(6200), used=Decimal(10_000), closed_at=Decimal(75))).plain
    assert "(62 %)" in margin
    assert "mStock closes them at 75 %." in margin
    band = draw(BandNear(row=LONG, last=Decimal("1436.00"), moved=Decimal("-3.07"), band=Decimal(5), closed_at=Decimal(80)))
    assert "at 1,436.00: −3.1 % of a band of 5 %. mStock closes it at 80 % of that." in band.plain


def test_a_mute_feed_says_since_when_and_then_what_was_not_seen() -> None:
    assert "connected and silent since 15:10:00" in draw(FeedMute(since=AT)).plain
    assert "Not seen: 15:10:00-" in draw(FeedMute(since=AT, sees=True)).plain


def test_an_exit_that_rests_offers_its_repair_and_one_left_over_is_no_stop() -> None:
    rests = draw(ExitAsks(order=SALE, why=ExitTrouble.RESTS, price=Decimal("1478.00")))
    assert rests.plain.startswith("Exit not filled.")
    assert labels(rests) == ["Exit at 1,478.00"]
    assert draw(ExitAsks(order=SALE, why=ExitTrouble.LEFT_OVER)).plain.startswith("Exit left over.")
    stop = replace(STOP, status=OrderStatus.TRIGGER_PENDING)
    assert draw(ExitAsks(order=stop, why=ExitTrouble.LEFT_OVER)).plain.startswith("Stop left over.")
