"""Every error we raise, sorted by what became of the act it interrupted.

BotError                      .say: words that are safe for a person; never a secret, never an address
+ PersonError                 expected; shown as it is
|   UsageError                the words could not be read; carries one example that would have worked
|   NotAllowed                this person may not do this
|   ChoiceWanted              more than one reading: the person picks; carries whole commands as buttons
|   + UnknownSymbol           no such instrument; carries near misses
|   CheckFailed               refused before anything was sent; all reasons at once
|   + ExitHeld                what it would close is being closed by other orders
|   ConfirmationGone          the card was answered, replaced, or has expired
|   EntriesBlocked            the kill switch is on
|   PinWanted                 the person's PIN is asked first; carries the name of the one act it would be for
|   PhoneLocked               /lock was used; only stopping and opening work
|   NotFound                  the thing named is not there (an order number, an account)
+ BrokerError
|   NotSent                   no byte reached the broker: safe to ask again
|   + NotLinked               the account was unlinked, so there is no connection to send over
|   Refused                   the broker said no, in words we know
|   + AddressRefused          not from this network address
|   + StopWordsRefused        not in this spelling of a stop order
|   + OrderOver               nothing to change or cancel: the order is over already
|   SessionExpired            a read was not done; needs a login
|   LoginRefused              password or code refused; never repeated by itself
|   + PasswordRefused         the password step: each counts towards the lock of the account
|   TooFast                   our own bucket said wait: nothing was sent
|   Unclear                   it may have happened: never do it again, reconcile
|   Unreadable                a read was answered with something that is not an answer
+ DeliveryError               Telegram would not take a message
+ PictureFailed               no image of what was asked; the figures stand in words
+ StorageError                a bug or a broken disk: stop trading, tell the owner
|   VaultError                an encrypted value did not open
|   StorageAway               held by another program, disk full, an I/O error: it may pass, and what can wait waits
+ SettingsError               a setting is missing or wrong: the start stops and names it
+ IllegalMove                 a state was asked to move where it cannot: our own bug
"""

from collections.abc import Sequence


class BotError(Exception):
    """The root of all that we raise ourselves. Its .say can be shown to a person."""

    say: str

    def __init__(self, say: str) -> None:
        super().__init__(say)
        self.say = say


class PersonError(BotError):
    """Something a person asked that cannot be done as asked. Nothing was sent anywhere."""


class UsageError(PersonError):
    """Words that could not be read. The example is a whole command that would have worked."""

    def __init__(self, say: str, *, example: str) -> None:
        super().__init__(say)
        self.example = example


class NotAllowed(PersonError):
    """The person's role does not carry this act."""


class ChoiceWanted(PersonError):
    """The words can be read in more than one way, or as a guess only. Each reading is a whole command to offer as a button."""

    def __init__(self, say: str, *, near: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(say)
        self.near = tuple(near)  # (label for the button, command it stands for)


class UnknownSymbol(ChoiceWanted):
    """No instrument answers to these words. The readings are near misses."""


class CheckFailed(PersonError):
    """One or more checks refuse the order. Every reason is told at once."""

    def __init__(self, reasons: Sequence[str], *, near: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = tuple(reasons)
        self.near = tuple(near)  # (label for a button, command that would pass)


class ExitHeld(CheckFailed):
    """An exit whose quantity other orders are closing already, or possibly are."""

    def __init__(self, reasons: Sequence[str], *, near: Sequence[tuple[str, str]] = (), elsewhere: bool = False) -> None:
        super().__init__(reasons, near=near)
        self.elsewhere = elsewhere  # True: none of those orders is ours


class ConfirmationGone(PersonError):
    """The question behind a button is no longer open. Nothing was sent by this tap."""

    def __init__(self, say: str, *, expired: bool = False, again: bool = False, foreign: bool = False) -> None:
        super().__init__(say)
        self.expired = expired  # True: this person's own question, and it merely expired
        self.again = again  # True: it expired, and it is one that can be asked again by a button
        self.foreign = foreign  # True: the card is somebody else's; never said to the one who tapped


class EntriesBlocked(PersonError):
    """The kill switch blocks new entries."""


class PinClosed(PersonError):
    """No keypad is shown now: too many wrong tries, or there is a PIN already."""


class PinWanted(PersonError):
    """The act waits for the person's PIN. The proof names this one act, and serves no other."""

    def __init__(self, say: str, *, proof: str) -> None:
        super().__init__(say)
        self.proof = proof


class WordsWanted(PersonError):
    """The act is heavy enough to be asked again in words. reasons say why."""

    def __init__(self, say: str, *, reasons: Sequence[str] = ()) -> None:
        super().__init__(say)
        self.reasons = tuple(reasons)


class PhoneLocked(PersonError):
    """This person's phone is locked. Only stopping and opening it work."""


class NotFound(PersonError):
    """What was named does not exist for this person."""


class BrokerError(BotError):
    """Something went wrong at or on the way to the broker. The branch says what became of the act."""

    words: str = ""  # the broker's own, if it said anything

    @property
    def with_words(self) -> str:
        """What is said of it, and the broker's own words."""
        return self.say if self.words in self.say else f"{self.say} mStock's words: {self.words}"


class NotSent(BrokerError):
    """No byte of the request reached the broker, so asking again cannot double anything."""


class NotLinked(NotSent):
    """The account was unlinked, perhaps a moment ago: nothing more is sent for it, and nobody waits for its books."""


class Refused(BrokerError):
    """The broker said no in words we know. Its .broker_id names the rejected order where the text carried one."""

    def __init__(self, say: str, *, code: str = "", words: str = "", broker_id: str | None = None, final: bool = False) -> None:
        super().__init__(say)
        self.code = code
        self.words = words  # the broker's own text
        self.broker_id = broker_id
        self.final = final  # True: cannot turn up in the book later (I3: no byte sent, or RMS:<id>:)


class AddressRefused(Refused):
    """The broker does not take orders from this network address (mstock-type-b.md 1.8)."""


class StopWordsRefused(Refused):
    """The broker does not take this spelling of stop orders. The other one needs a confirmation of its own."""


class OrderOver(Refused):
    """A change or a cancel met an order that is over. The order book says how it ended (mstock-type-b.md 5.3, 5.4)."""


class SessionExpired(BrokerError):
    """The session is dead or unknown. The read was not done."""


class LoginRefused(BrokerError):
    """The broker refused the password or the code. Repeating by itself would lock the account."""


class PasswordRefused(LoginRefused):
    """The broker refused client code and password. It counts, and locks the account at the end (mstock-type-b.md 3.1)."""


class TooFast(BrokerError):
    """Our own bucket is empty. Nothing was sent. retry_after is in seconds."""

    def __init__(self, say: str, *, retry_after: float) -> None:
        super().__init__(say)
        self.retry_after = retry_after


class Unclear(BrokerError):
    """The act may have happened. It must never be repeated, only looked for. words: the broker's own, if it said anything."""

    def __init__(self, say: str, *, words: str = "") -> None:
        super().__init__(say)
        self.words = words


class Unreadable(BrokerError):
    """A read was answered with something that is no answer (a page, an empty body, a shape nobody knows)."""


class DeliveryError(BotError):
    """Telegram would not take a message. Permanent ones are buried, others wait retry_after seconds."""

    def __init__(
        self,
        say: str,
        *,
        permanent: bool = False,
        closed: bool = False,
        retry_after: float | None = None,
        may_have_arrived: bool = False,
    ) -> None:
        super().__init__(say)
        self.permanent = permanent or closed
        self.closed = closed  # True: the person blocked the bot or left: what is for that chat waits for a return
        self.retry_after = retry_after
        self.may_have_arrived = may_have_arrived  # True: it was sent, and Telegram's answer got lost


class PictureFailed(BotError):
    """A picture could not be drawn. It was only to look at, so nothing else changed."""


class StorageError(BotError):
    """The database could not do what was asked. No order is sent while this lasts."""


class VaultError(StorageError):
    """An encrypted value did not open: wrong key, or the value was changed or moved."""


class StorageAway(StorageError):
    """The database takes nothing for now, and that may pass. What was asked of it was rolled back."""


class SettingsError(BotError):
    """A setting is missing or wrong. The words name it."""


class IllegalMove(BotError):
    """A state machine was asked for a move it does not know: our own bug, said aloud."""
