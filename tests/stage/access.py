"""What stands around the desk: limits, PINs and joining over the desk's own store, and a finger on a keypad."""

from dataclasses import dataclass, replace

from bot.domain.clock import ist_date
from bot.domain.people.access import Pad, PadEnded, PadUse, PinHash
from bot.domain.people.account import Actor, Limits
from bot.trading.people.allowlist import Allowlist
from bot.trading.people.invitations import Invitations
from bot.trading.safety.limits import OwnLimits
from bot.trading.safety.pins import Pins
from tests.stage.desk import DeskStage, a_core
from tests.storage.samples import ACCOUNT

PIN = "482913"


@dataclass
class Access:
    """The three services over one stage."""

    stage: DeskStage
    pins: Pins
    limits: OwnLimits
    invitations: Invitations
    allowlist: Allowlist

    async def tap(self, actor: Actor, pad: Pad | PadEnded, digits: str) -> Pad | PadEnded:
        """Taps digits where they lie on the keypad at that moment."""
        for digit in digits:
            assert isinstance(pad, Pad), pad
            pad = await self.pins.press(actor, pad.id, pad.digits.index(int(digit)))
        return pad

    async def set_pin(self, actor: Actor, digits: str = PIN) -> None:
        ended = await self.tap(actor, await self.pins.open(actor, PadUse.SET), digits * 2)
        assert isinstance(ended, PadEnded)
        assert ended.right

    async def prove(self, actor: Actor, proof: str, digits: str = PIN) -> Pad | PadEnded:
        return await self.tap(actor, await self.pins.open(actor, PadUse.PROVE, proof=proof), digits)

    async def put(self, **limits: object) -> None:
        """Limits as if they had been set before today."""
        today = ist_date(self.stage.clock.now())
        present = await self.stage.store.transaction(lambda db: db.limits.on(ACCOUNT.id, today))
        anew: Limits = replace(present, **limits)  # type: ignore[arg-type]  # any field may be set
        await self.stage.store.transaction(lambda db: db.limits.put(ACCOUNT.id, today, anew))


def access(stage: DeskStage, *, seed: int = 21, hashing: PinHash | None = None) -> Access:
    """A new process over the same store when it is called again."""
    services = a_core(stage.store, stage.connection, stage.clock, chance=seed, hashing=hashing, MARKET_HOURS="real").services
    return Access(
        stage=stage,
        pins=services.pins,
        limits=services.limits,
        invitations=services.invitations,
        allowlist=services.allowlist,
    )
