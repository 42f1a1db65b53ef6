"""One made scrip master for every test that reads words or contracts, since making it costs more than most tests."""

from bench.master import TODAY, Made, make
from bot.trading.instruments.finder import Instruments

MADE: Made = make(rows=20_000, seed=7)
ALL = Instruments(MADE.rows, MADE.indices, day=TODAY)
