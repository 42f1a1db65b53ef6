"""The words of a P&L exit, each with its one meaning or a refusal."""

from datetime import time
from decimal import Decimal

import pytest

from bot.domain.clock import at_ist, next_midnight
from bot.domain.errors import UsageError
from bot.domain.plans.pnl_card import PnlSaid
from bot.domain.plans.pnl_exit import PnlAction, PnlExit, Scope, ScopeKind
from bot.domain.plans.pnl_words import typed
from bot.domain.terms import Product
from handlers.commands.plans.pnl_exits import parted, said
from tests.stage.floor import CALL
from tests.stage.values.orders import NOW

STOP, TARGET = Decimal(-5000), Decimal(8000)
CONTRACT = Scope(kind=ScopeKind.POSITION, instrument=CALL, product=Product.NRML)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("all if -5000", ("all", "-5000")),
        ("nifty 24500 ce agar +8000", ("nifty 24500 ce", "+8000")),
        ("if", ("", "")),
        ("if giveback 3000", ("", "giveback 3000")),
        ("nifty half", None),
        ("iffco", None),
    ],
)
def test_if_parts_what_is_watched_from_when_it_strikes(words: str, parts: tuple[str, str] | None) -> None:
    assert parted(words) == parts


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("-5000", PnlSaid(stop=STOP)),
        ("−5,000", PnlSaid(stop=STOP)),
        ("-5k", PnlSaid(stop=STOP)),
        ("+8000", PnlSaid(target=TARGET)),
        ("8000/-", PnlSaid(target=TARGET)),
        ("below 8000", PnlSaid(stop=TARGET)),
        ("pnl < -5000 or > 8000", PnlSaid(stop=STOP, target=TARGET)),
        ("-5000 or +8000 giveback 3000", PnlSaid(stop=STOP, target=TARGET, giveback=Decimal(3000))),
        ("giveback 3000 alert only", PnlSaid(giveback=Decimal(3000), action=PnlAction.ALERT)),
        ("-5000 before charges", PnlSaid(stop=STOP, after_charges=False)),
        ("-5000 net", PnlSaid(stop=STOP, after_charges=True)),
        ("-5000 block", PnlSaid(stop=STOP, blocks=True)),
        ("-5000 block entries till 14:30", PnlSaid(stop=STOP, blocks=True, blocks_till=time(14, 30))),
    ],
)
def test_levels_and_what_is_done_at_them(words: str, meant: PnlSaid) -> None:
    assert said(words) == meant


@pytest.mark.parametrize("scope", [Scope(kind=ScopeKind.ALL), Scope(kind=ScopeKind.UNDERLYING, underlying="NIFTY"), CONTRACT])
@pytest.mark.parametrize(
    "meant",
    [
        PnlSaid(stop=STOP, after_charges=True),
        PnlSaid(stop=-STOP, target=TARGET, after_charges=False, action=PnlAction.ALERT),
        PnlSaid(target=-TARGET, giveback=Decimal("3000.50"), after_charges=False, blocks=True),
        PnlSaid(stop=STOP, after_charges=False, blocks=True, blocks_till=time(14, 30)),
    ],
)
def test_what_watches_is_asked_for_anew_by_its_own_words(scope: Scope, meant: PnlSaid) -> None:
    till = meant.blocks_till
    blocks = at_ist(NOW.date(), till.hour, till.minute) if till is not None else next_midnight(NOW)
    exit_ = PnlExit(
        id="t", account_id="a1", by=1, name="Asha", scope=scope, stop=meant.stop, target=meant.target, giveback=meant.giveback,
        action=meant.action, after_charges=bool(meant.after_charges), blocks_until=blocks if meant.blocks else None,
        until=next_midnight(NOW), created_at=NOW,
    )  # fmt: skip
    parts = parted(typed(exit_).removeprefix("exit "))
    assert parts is not None
    assert said(parts[1]) == meant
    names = {ScopeKind.ALL: "all", ScopeKind.UNDERLYING: "nifty", ScopeKind.POSITION: "nifty26nov24800ce nrml"}
    assert parts[0] == names[scope.kind]


@pytest.mark.parametrize(
    "words", ["", "0", "alert", "-5000 -6000", "8000 9000", "giveback 0", "-5000 block till 25:00", "-5000 tomorrow", "--5000"]
)
def test_anything_else_is_refused_with_an_example(words: str) -> None:
    with pytest.raises(UsageError) as refused:
        said(words)
    assert refused.value.example == "/exit all if -5000"
