"""Stops, targets, trails and parts as they are said: what is none, how each reads, and where it lies."""

from decimal import Decimal

import pytest

from bot.domain.orders.legs import Leg, Measure, Portion, TrailSaid

TEN = Decimal(10)


@pytest.mark.parametrize(
    ("value", "measure", "limit"),
    [
        ("0", Measure.POINTS, None),
        ("-1", Measure.PRICE, None),
        ("100", Measure.PRICE, "0"),
        ("100", Measure.PRICE, "-1"),
        ("100", Measure.POINTS, "90"),  # a worst price belongs to a stop that is a price
        ("2", Measure.PERCENT, "90"),
    ],
)
def test_nothing_at_or_below_zero_is_a_leg_nor_is_a_distance_with_a_worst_price(
    value: str, measure: Measure, limit: str | None
) -> None:
    with pytest.raises(ValueError, match="is no leg"):
        Leg(value=Decimal(value), measure=measure, limit=Decimal(limit) if limit is not None else None)


@pytest.mark.parametrize(
    ("leg", "said", "below", "above"),
    [
        (Leg(value=TEN), "10.00", "10", "10"),
        (Leg(value=TEN, measure=Measure.AT, limit=Decimal(9)), "10.00/9.00", "10", "10"),
        (Leg(value=TEN, measure=Measure.POINTS), "10.00 points away", "190", "210"),
        (Leg(value=TEN, measure=Measure.PERCENT), "10 % away", "180", "220"),
    ],
)
def test_a_leg_reads_as_it_was_said_and_lies_on_its_side_of_the_entry(leg: Leg, said: str, below: str, above: str) -> None:
    assert str(leg) == said
    assert (leg.away(Decimal(200), -1), leg.away(Decimal(200), 1)) == (Decimal(below), Decimal(above))


@pytest.mark.parametrize(
    ("trail", "said"),
    [
        (TrailSaid(every=TEN), "10.00"),
        (TrailSaid(every=TEN, measure=Measure.PERCENT), "10.00 %"),
        (TrailSaid(every=TEN, step=Decimal(5)), "10.00 step 5.00"),
    ],
)
def test_a_trail_reads_with_its_unit_and_its_step(trail: TrailSaid, said: str) -> None:
    assert str(trail) == said


@pytest.mark.parametrize(
    ("portion", "held", "lot", "expected"),
    [
        (Portion.ALL, 140, 65, 130),
        (Portion.HALF, 195, 65, 65),
        (Portion.HALF, 65, 65, 0),
        (Portion.HALF, 11, 1, 5),
    ],
)
def test_a_part_of_what_is_held_is_whole_lots(portion: Portion, held: int, lot: int, expected: int) -> None:
    assert portion.of(held, lot) == expected
