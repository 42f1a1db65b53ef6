"""Two panics of an account that were asked before either was confirmed: the second Confirm joins the one that runs."""

from dataclasses import replace

from bot.domain.exits.exit_list import ExitList, ListKind
from bot.domain.plans.plan import LegKind, PlanLeg
from bot.domain.ports.repositories import Repositories


def running_panic(db: Repositories, account_id: str) -> ExitList | None:
    """The panic that is under way."""
    alive = (each for each in db.exit_lists.alive() if each.account_id == account_id and each.kind is ListKind.PANIC)
    return next(alive, None)


def take_in(db: Repositories, running: ExitList, asked: ExitList) -> ExitList:
    """The running one with what only the other card names, in the transaction that claims that card.

    A row that both have is closed once, up to the larger quantity: what is open beyond its orders gets one more slice, as
    where an entry filled meanwhile.
    """
    plan = db.plans.find(running.plan_id)
    leg = max((each.number for each in plan.legs), default=-1) + 1 if plan is not None else 0
    rows = list(running.rows)
    numbers: dict[int, int] = {}  # of a row of the other card -> its place here
    for row in asked.rows:
        same = next((each for each in rows if each.place == row.place and each.draft.side is row.draft.side), None)
        numbers[row.number] = same.number if same is not None else len(rows)
        if same is not None:
            most = max(same.draft.quantity, row.draft.quantity)
            rows[same.number] = replace(same, draft=replace(same.draft, quantity=most))
            continue
        slices = tuple(replace(piece, leg=leg + place) for place, piece in enumerate(row.slices))
        leg += len(slices)
        for piece in slices:
            draft = replace(row.draft, quantity=piece.quantity)
            db.plans.extend(running.plan_id, PlanLeg(number=piece.leg, kind=LegKind.EXIT, draft=draft))
        after = tuple(numbers[each] for each in row.after)
        rows.append(replace(row, number=len(rows), slices=slices, after=after))
    entries = (*running.entries, *(each for each in asked.entries if each not in running.entries))
    joined = replace(running, rows=tuple(rows), entries=entries)
    return joined if joined == running else replace(joined, told=False)
