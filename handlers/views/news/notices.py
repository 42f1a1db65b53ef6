"""Every kind of notice as a message.

The words are made when it is sent, so a late one can say that it is late.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.clock import ist_date
from bot.domain.exits.exit_list import ListKind
from bot.domain.news.connections import AddressNotRegistered, FeedBack, FeedLost, SessionLost, SessionReplaced, Source
from bot.domain.news.days.days import DaySummary, HostFactsRead, YearNotCovered
from bot.domain.news.days.period_summary import PeriodSummary
from bot.domain.news.days.picture import Pictured
from bot.domain.news.delivery import Delivery
from bot.domain.news.people import ActByOther, ActionKind, PersonJoined, PersonRemoved, Tried
from bot.domain.news.plans.exits import ExitsTold
from bot.domain.news.safety import DayLocked, TradingResumed, TradingStopped
from bot.domain.proposals.repairs import RepairsOf
from handlers.views.format import amount, clock_time, signed, table
from handlers.views.keyboards import button, words
from handlers.views.market import alerts as _alerts  # noqa: F401 - its news enter their renderers
from handlers.views.message import Keyboard, Part, View, bold, keyboard, say
from handlers.views.money import money
from handlers.views.news import later as _later  # noqa: F401 - likewise
from handlers.views.news import rings as _rings  # noqa: F401 - likewise
from handlers.views.news.discreet import discreet
from handlers.views.news.readiness import OWN_PLACE
from handlers.views.orders import convert as _convert  # noqa: F401 - likewise
from handlers.views.orders.card import Explain
from handlers.views.orders.order_news import RENDERERS, Scene, renders
from handlers.views.people.safety import resting
from handlers.views.plans import pnl_exits as _pnl_exits  # noqa: F401 - likewise
from handlers.views.plans import standing as _standing  # noqa: F401 - likewise
from handlers.views.plans import trails as _trails  # noqa: F401 - its news enter their renderers
from handlers.views.plans.basket import told as basket_told
from handlers.views.plans.exits import told as exits_told
from handlers.views.taps.taps import EntriesTap

_ACTIONS = {
    ActionKind.CANCELLED: ("cancelled", ""),
    ActionKind.MODIFIED: ("changed", ""),
    ActionKind.LOGGED_IN: ("logged in", ""),
    ActionKind.LOGGED_OUT: ("logged out", "Nothing is being watched until the next login."),
    ActionKind.LIMITS: ("changed a limit:", "/limits shows them."),
    ActionKind.DAY_LOCKED: ("locked the day", "New orders are blocked until the next trading day."),
    ActionKind.PNL_EXIT: ("", "/exit if lists those that watch."),
    ActionKind.TRAIL: ("", "/trail lists those that follow."),
    ActionKind.STANDING_STOP: ("", "/stops lists them."),
    ActionKind.PIN_CHANGED: ("", "If that was somebody else, /kill stops trading from your phone."),
    ActionKind.PHONE_LOCKED: (
        "sealed their phone",
        "If it is lost, /kill stops trading from yours; python -m bot panic on the host stops all.",
    ),
    ActionKind.LINKED: ("linked this account", ""),
    ActionKind.UNLINKED: (
        "unlinked this account",
        "Its secrets are destroyed here; its orders at mStock stay and are not watched any more.",
    ),
    ActionKind.PIN_CLOSED: ("entered a wrong PIN too often", "If that was somebody else, /kill stops trading from your phone."),
}

_AWAY = {
    Source.FEED: "Without mStock's feed",
    Source.BOOKS: "mStock's books could not be read",
    Source.BOT: "I was away",
    Source.TELEGRAM: "Telegram did not answer",
}


@renders(ExitsTold)
def _list_told(news: ExitsTold, scene: Scene) -> View:
    return basket_told(news, scene) if news.kind is ListKind.BASKET else exits_told(news, scene)


LATE = timedelta(seconds=60)  # news older than this says so


def notice(delivery: Delivery, *, mode: str, now: datetime, explain: Explain, repairs: RepairsOf = lambda _order: ()) -> View:
    """The delivery as a message of its own.

    One that may have arrived before carries its number, so that it is not taken for a second event.
    """
    scene = Scene(delivery.label, delivery.mark, mode, now, explain, repairs)
    together = (*delivery.earlier, delivery, *delivery.more)
    views = [RENDERERS[type(one.notice)](one.notice, scene) for one in together]
    view = views[0] if len(views) == 1 else _together(views, scene)
    own_place = type(delivery.notice) in {DaySummary, PeriodSummary, *OWN_PLACE}  # its table names account and mode
    remarks = [] if own_place else [delivery.label, mode]
    if delivery.attempts:
        remarks.append(f"n {delivery.id}")
    late = now - delivery.created_at
    if late > LATE:
        minutes = int(late.total_seconds() // 60)
        spell = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
        remarks.append(f"late {spell} (from {clock_time(delivery.created_at)})")
    view = (view.and_then(say(" · ".join(remarks))) if remarks else view).led_by(delivery.mark)
    return discreet(view) if delivery.discreet else view


def told(found: Sequence[tuple[Delivery, datetime]], *, mode: str, explain: Explain) -> View:
    """A message of news once more, as it read when it was sent, with its rupees."""
    (first, sent_at), others = found[0], tuple(news for news, _ in found[1:])
    return notice(replace(first, more=others, discreet=False), mode=mode, now=sent_at, explain=explain)


def _together(views: Sequence[View], scene: "Scene") -> View:
    """Several pieces of news in one message that says how many, a paragraph each, without their buttons."""
    parts: list[Part] = [say(bold(f"{len(views)} pieces of news"))]
    for view in views:
        parts += [say(""), *view.parts]
    buttons = [words("Orders", "/orders", account=scene.label), words("Positions", "/positions", account=scene.label)]
    return View(tuple(parts), keyboard(buttons))


@renders(ActByOther)
def _act_by_other(news: ActByOther, _: Scene) -> View:
    title, more = _ACTIONS[news.deed]
    return _plain(
        " ".join(filter(None, (news.name, title, news.detail))), f"At {clock_time(news.at)}.{f' {more}' if more else ''}"
    )


@renders(DayLocked)
def _day_locked(news: DayLocked, scene: Scene) -> View:
    """Names what may still fill as well: the lock takes no order back."""
    charges = f"after charges ≈ {amount(news.charges)}" if news.charges is not None else "before charges, which are not known"
    text = (
        f"{signed(news.result)} at {clock_time(news.at)}, {charges}. New orders are blocked until the next trading day; "
        "exits and cancels work."
    )
    positions = words("Positions", "/positions", account=scene.label)
    if not news.entries:
        return _plain("The daily loss is reached", text, keyboard([positions]))
    rest, cancel = resting(news.entries)
    buttons = keyboard([button(cancel, EntriesTap(scene.label))], [positions])
    return _plain("The daily loss is reached", f"{text} {rest}.", buttons)


@renders(PersonJoined)
def _joined(news: PersonJoined, scene: Scene) -> View:
    where = "all accounts" if news.everywhere else scene.label
    text = f"{news.name} ({news.telegram_id}) used {news.by}'s link at {clock_time(news.at)}: {news.role} on {where}."
    return _plain("Somebody joined", text)


@renders(PersonRemoved)
def _removed(news: PersonRemoved, _: Scene) -> View:
    text = f"{news.name} ({news.telegram_id}), by {news.by} at {clock_time(news.at)}."
    return _plain("Somebody was taken off the list", text)


@renders(Tried)
def _tried(news: Tried, _: Scene) -> View:
    at = clock_time(news.at)
    return _plain("Refused", f"{news.name} ({news.telegram_id}) {news.what}, at {at}. Further tries in this hour are not told.")


@renders(TradingStopped)
def _stopped(news: TradingStopped, _: Scene) -> View:
    why = f"{news.why} " if news.why else ""
    text = f"{why}New orders are blocked since {clock_time(news.at)}. Exits and cancels work."
    return _plain(f"Stopped by {news.name}", text)


@renders(TradingResumed)
def _resumed(news: TradingResumed, _: Scene) -> View:
    return _plain(f"Resumed by {news.name}", f"New orders are allowed again since {clock_time(news.at)}.")


@renders(SessionLost)
def _session_lost(news: SessionLost, scene: Scene) -> View:
    watched = " You hold positions, and nothing is being watched." if news.positions else ""
    login = keyboard([words("Log in", "/login", account=scene.label)])
    return _plain("mStock session lost", f"Since {clock_time(news.at)}: {news.why}{watched}", login)


@renders(SessionReplaced)
def _session_replaced(news: SessionReplaced, scene: Scene) -> View:
    text = (
        f"At {clock_time(news.at)}, before its time. Somebody else may have logged in to this account, or ended it in the mStock "
        "app. I logged in again. If it was none of you, change the password at mStock; /kill stops new orders here."
    )
    return _plain("mStock ended our session", text, keyboard([words("Session", "/session", account=scene.label)]))


@renders(FeedLost)
def _feed_lost(news: FeedLost, scene: Scene) -> View:
    if news.source is Source.BOOKS:
        title = "mStock does not answer"
        away = "Orders and positions are not being read, so fills are told late."
    else:
        title, away = (
            "No live prices",
            "mStock's feed is gone, and what I watch on live prices is not watched. The books are read.",
        )
    text = f"Since {clock_time(news.since)}: {away} What rests at the exchange stands."
    return _plain(title, text, keyboard([words("Status", "/status", account=scene.label)]))


@renders(FeedBack)
def _feed_back(news: FeedBack, _: Scene) -> View:
    span = f"{_AWAY[news.source]} {clock_time(news.since)}-{clock_time(news.until)}."
    return _plain("Back", f"{span} {_missed(news)}")


@renders(AddressNotRegistered)
def _address(news: AddressNotRegistered, _: Scene) -> View:
    register = f"Register {news.address or 'the address of this host'} under Trading APIs → API key → Primary IP."
    return _plain("mStock rejects orders from this address", f"{register} Looking may still work, and so does the mStock app.")


@renders(DaySummary)
def _day_summary(news: DaySummary, scene: Scene) -> View:
    return money.report(news.report, scene.label, scene.mode, mark=scene.mark)


@renders(Pictured)
def _pictured(news: Pictured, _: Scene) -> View:
    return money.caption(news)


@renders(PeriodSummary)
def _period_summary(news: PeriodSummary, scene: Scene) -> View:
    return money.period(news, scene.label, scene.mode, mark=scene.mark)


@renders(YearNotCovered)
def _year(news: YearNotCovered, scene: Scene) -> View:
    begun = ist_date(scene.now).year >= news.year
    since = "Until I have one I" if begun else f"From 1 Jan {news.year} on I"
    file = (
        "[[years]]", f"year = {news.year}", 'source = "NSE holiday list"', "",
        "[[days]]", f"date = {news.year}-01-26", 'what = "holiday"', 'name = "Republic Day"', 'source = "NSE holiday list"',
    )  # fmt: skip
    return View(
        (
            say(
                bold(f"I have no calendar for {news.year}."),
                f" {since} do not know when the exchange is open and what ends on which day. Cards will say so; orders go, "
                "and mStock's answer decides.",
            ),
            say(
                "Once NSE has published its holidays: a file with a row for each, named by MARKET_DATA. Where it was named at "
                "the start it is read anew within two minutes, else after a restart."
            ),
            table(*((line,) for line in file)),
        )
    )


@renders(HostFactsRead)
def _host_facts(news: HostFactsRead, _: Scene) -> View:
    if not news.wrong:
        return _plain(f"{news.file} was read anew", "What it says is in force.")
    return _plain(
        f"{news.file} was not taken up", f"{news.wrong.rstrip('.')}. I go on with the facts read before; a start would refuse it."
    )


def _plain(title: str, text: str, buttons: Keyboard = ()) -> View:
    return View((say(bold(f"{title}."), f" {text}"),), buttons)


def _missed(news: FeedBack) -> str:
    if not news.read:
        return "The books could not be read yet, so what was missed is not known; I keep trying and ring for it."
    counted = (
        (news.fills, "fill", "fills"),
        (news.rejections, "rejection", "rejections"),
        (news.ends, "end", "ends"),
        (news.elsewhere, "order from elsewhere", "orders from elsewhere"),
    )
    missed = [f"{number} {several if number > 1 else one}" for number, one, several in counted if number]
    sentence = f"Missed: {', '.join(missed)} (told apart)." if missed else "Nothing was missed."
    if news.unknown:
        whose = "One order's outcome is" if news.unknown == 1 else f"The outcome of {news.unknown} orders is"
        return f"{sentence} {whose} still unknown; I keep looking for it."
    return f"{sentence} Books and records agree."
