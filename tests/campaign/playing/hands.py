"""What every act of a session has at hand: the world, its dice, and a thumb that confirms."""

import asyncio
import random
from dataclasses import dataclass, field

from bot.simulators.broker.accounts.records import Order
from tests.campaign.playing.troubles import Kind, Troubles, drawn
from tests.campaign.playing.world import Json, World

SHARES = ("RELIANCE", "ITC", "TCS", "INFY", "M&M", "HDFCBANK")
SHORTED = ("SBIN", "LT", "AXISBANK")  # what is sold short is never bought first
LOT = 65  # of the contracts on NIFTY
A_LOOK = 4.0  # seconds that somebody looks at a card before the thumb comes down, at most


@dataclass
class Session:
    """The world, its dice, and the quantities that were used: no two orders of a session have the same."""

    world: World
    chance: random.Random
    troubles: Troubles
    spoilers: tuple[Kind, ...]  # misbehaviours that an order may meet
    spoiled: float  # how often it meets one
    coming: Kind | None = None  # what begins as the thumb comes down on the next card
    _used: set[int] = field(default_factory=set)

    def quantity(self, most: int = 90) -> int:
        number = self.chance.choice([each for each in range(3, most) if each not in self._used])
        self._used.add(number)
        return number

    def lots(self) -> int:
        number = self.chance.choice([each for each in range(1, 20) if each * LOT not in self._used])
        self._used.add(number * LOT)
        return number

    def open(self) -> dict[str, int]:
        """What is open at the exchange of each share or contract, but for delivery."""
        broker = self.world.near.paper.broker
        account = next(iter(broker.ledger.accounts.values()))
        rows = broker.portfolio.positions(account.client, account.day)
        return {broker.find(row.key).name.removesuffix("-EQ"): row.net for row in rows if row.net and row.product != "DELIVERY"}

    async def held(self, shares: tuple[str, ...] = SHARES, how: str = "buy") -> str:
        """A share with an open intraday position. Where there is none, one is opened first."""
        have = self.open()
        if held := [share for share in shares if share in have]:
            return self.chance.choice(held)
        share = self.chance.choice(shares)
        await self.confirmed(f"/{how} {share} {self.quantity()} mis", how)
        await asyncio.sleep(self.chance.uniform(1.0, 3.0))
        return share

    async def rests(self) -> None:
        """An order rests at the exchange. Where there is none, one is placed first."""
        if not self.resting():
            share = self.chance.choice(SHARES)
            await self.confirmed(f"/buy {share} {self.quantity()} @{self.price(share) * 0.96:.0f} mis", "buy")
            await asyncio.sleep(self.chance.uniform(1.0, 3.0))

    async def taps(self, words: str, wanted: str, label: str, reply_to: int | None = None) -> Json | None:
        """Asks for a card and taps it after a look. The card as it was tapped, if it had that button."""
        self.world.me.say(words, reply_to)
        return await self.answers(wanted, label)

    async def answers(self, wanted: str, label: str) -> Json | None:
        """Waits for a card and taps it after a look."""
        card = await self.world.me.wait_for(wanted)
        if card is None:
            return None
        await self.pause(A_LOOK)
        self.begin_coming()
        return card if self.world.me.tap(label, card) else None

    def price(self, share: str) -> float:
        broker = self.world.near.paper.broker
        instrument = broker.named("NSE", f"{share}-EQ")
        assert instrument is not None
        return round(broker.market.price(instrument, self.world.clock.now()) / 100, 2)

    def move(self, share: str, rupees: float) -> None:
        """Trades at this price, and whatever it strikes at the exchange."""
        broker = self.world.near.paper.broker
        instrument = broker.named("NSE", f"{share}-EQ")
        assert instrument is not None
        broker.market.set_price(instrument, round(rupees * 100), self.world.clock.now())
        broker.matcher.look(instrument.key)

    def resting(self) -> list[Order]:
        """Orders at the exchange that have arrived and wait."""
        return [each for each in self.world.near.paper.broker.ledger.orders.values() if each.working and each.exchange_id != "0"]

    async def pause(self, longest: float) -> None:
        await asyncio.sleep(self.chance.uniform(0.0, longest))

    def begin_coming(self) -> None:
        if self.coming is not None:
            kind, self.coming = self.coming, None
            self.troubles.begin(kind)

    async def confirmed(self, words: str, side: str) -> Json | None:
        """Asks for an order and confirms its card, perhaps with bad luck at the broker. The card as it was tapped."""
        card = await self.world.me.ask(words, "until ")
        if card is None:
            return None
        await self.pause(A_LOOK)
        self.begin_coming()
        if self.spoilers and self.chance.random() < self.spoiled:
            self.troubles.begin(drawn(self.spoilers, self.chance))
        self.world.me.tap(f"Confirm {side}", card)
        return card
