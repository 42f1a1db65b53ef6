"""The worked charge fixtures: cases with every line as arithmetic, and an evaluator of its own for that arithmetic."""

import ast
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[2] / "fixtures" / "charges" / "worked.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """One case: what is asked, and what each line must come to."""

    name: str
    asks: str
    plan: str | None
    trades: tuple[dict[str, Any], ...]
    given: tuple[str, ...]
    not_known: frozenset[str]
    total: str
    lines: dict[str, tuple[str, str]]  # charge -> (arithmetic, result)


def worked_cases() -> list[Worked]:
    with FIXTURES.open("rb") as file:
        content = tomllib.load(file)
    return [
        Worked(
            name=case["name"],
            asks=case["asks"],
            plan=case.get("plan"),
            trades=tuple(case.get("trades", ())),
            given=tuple(case.get("given", ())),
            not_known=frozenset(case.get("not_known", ())),
            total=case["total"],
            lines={name: (arithmetic, result) for name, (arithmetic, result) in case["lines"].items()},
        )
        for case in content["cases"]
    ]


def worth(arithmetic: str) -> Fraction:
    """The value of written-out arithmetic (+ - * / and brackets), exact: figures are read as text, never as floats."""
    return _value(ast.parse(arithmetic, mode="eval").body, arithmetic)


def _value(node: ast.expr, text: str) -> Fraction:
    if isinstance(node, ast.Constant):
        return Fraction(ast.get_source_segment(text, node) or "")
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, text), _value(node.right, text)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right
    msg = f"not plain arithmetic: {text}"
    raise ValueError(msg)
