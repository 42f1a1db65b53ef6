"""The Messenger port: sends news and cards, and says of each error whether the message may be sent again."""

from collections.abc import Awaitable, Callable

from telegram.error import TelegramError

from bot.domain.clock import Clock
from bot.domain.errors import DeliveryError, PictureFailed
from bot.domain.exits.exit_list import ExitsShown, ListKind
from bot.domain.market.watch_list import WatchShown
from bot.domain.news.days.picture import Pictured
from bot.domain.news.delivery import Delivery
from bot.domain.news.notice import NoticePriority, Sound
from bot.domain.orders.order import CardRef, Order
from bot.domain.people.account import Role
from bot.domain.plans.guarding import Guarding, GuardingOf
from bot.domain.ports.pictures import Pictures
from bot.domain.proposals.ended_question import EndedQuestion
from bot.domain.proposals.repairs import RepairsOf
from handlers.context.context import Explain, as_said
from handlers.context.permissions import offered
from handlers.registry import permission_of
from handlers.telegram.rate_limits import Priority
from handlers.telegram.receiver import Receiver
from handlers.telegram.sender import Sender, sorted_error
from handlers.views.market import watch as watch_list
from handlers.views.message import View
from handlers.views.news.notices import notice
from handlers.views.orders.card import card
from handlers.views.plans import basket as baskets
from handlers.views.plans import exits
from handlers.views.plans.answers import answer as answered

RoleOn = Callable[[int, str], Role | None]
_PRIORITIES = {
    NoticePriority.SAFETY: Priority.SAFETY,
    NoticePriority.FILL: Priority.FILL,
    NoticePriority.NEWS: Priority.REPLY,
}


async def unguarded(_: Order) -> Guarding | None:
    """Nothing is known of what guards any order."""
    return None


class TelegramMessenger:
    """Sends a delivery as a message of its own, and draws an order's card where it stands."""

    def __init__(
        self,
        bot: Receiver,
        *,
        mode: str,
        clock: Clock,
        pictures: Pictures,
        explain: Explain | None = None,
        repairs: RepairsOf = lambda _order: (),
        guarding: GuardingOf = unguarded,
        role_on: RoleOn = lambda _person, _account_id: None,
    ) -> None:
        """role_on: a person's role on an account, so that nobody is offered a button that would be refused. None: all are."""
        self._sender = Sender(bot)
        self._role_on = role_on
        self._mode = mode
        self._clock = clock
        self._pictures = pictures
        self._explain = explain or as_said
        self._repairs = repairs
        self._guarding = guarding

    async def deliver(self, delivery: Delivery) -> int:
        """Sends a notice under its order's card, where there is one. Returns its id. DeliveryError when Telegram would not."""
        view = notice(delivery, mode=self._mode, now=self._clock.now(), explain=self._explain, repairs=self._repairs)
        view = self._own(view, delivery.chat_id, delivery.account_id)
        priority = Priority.SAFETY if delivery.sound is Sound.ALWAYS else _PRIORITIES[delivery.notice.priority]
        if isinstance(delivery.notice, Pictured) and not delivery.discreet:
            png = await self._drawn(delivery.notice)
            silent = delivery.sound is Sound.SILENT
            return await _sorted(self._sender.photo(delivery.chat_id, png, view, silent=silent, priority=priority))
        if delivery.edits is not None:
            return await _sorted(self._sender.edit(delivery.chat_id, delivery.edits, view, priority=priority, silent=True))
        return await _sorted(
            self._sender.send(
                delivery.chat_id,
                view,
                reply_to=None if delivery.more else delivery.reply_to,
                silent=delivery.sound is Sound.SILENT,
                priority=priority,
            )
        )

    async def _drawn(self, news: Pictured) -> bytes:
        """The picture. One that cannot be drawn is given up: the words before it say the same."""
        try:
            return await self._pictures.png(news.picture)
        except PictureFailed as error:
            raise DeliveryError(error.say, permanent=True) from error

    async def draw(self, ref: CardRef, order: Order, label: str) -> int:
        """Edits the card, or sends a new one, without a sound, where it is gone. Returns the message that shows it now."""
        guarding, now = await self._guarding(order), self._clock.now()
        repairs = self._repairs(order)
        view = card(
            order, label=label, mode=self._mode, now=now, explain=self._explain, touch=ref.touch, repairs=repairs,
            guarding=guarding,
        )  # fmt: skip
        view = view.led_by(ref.mark)
        view = self._own(view, ref.chat_id, order.account_id)
        return await _sorted(self._sender.edit(ref.chat_id, ref.message_id, view, priority=Priority.CARD, silent=True))

    async def draw_watch(self, chat_id: int, message_id: int, shown: WatchShown) -> None:
        """Refreshes a watch list. DeliveryError when Telegram would not, or the message is gone."""
        now = self._clock.now()
        view = watch_list.watch(shown, now, self._mode)
        view = self._own(view, chat_id, shown.account.id)
        await _sorted(self._sender.edit(chat_id, message_id, view, priority=Priority.WATCH, silent=True, anew=False))

    async def draw_list(self, chat_id: int, message_id: int, shown: ExitsShown) -> None:
        """Draws where the orders of a list stand. DeliveryError when Telegram would not, or the message is gone."""
        is_basket = shown.exits.kind is ListKind.BASKET
        view = (baskets if is_basket else exits).shown(shown, self._mode, self._explain)
        view = view.led_by(shown.account.mark)
        view = self._own(view, chat_id, shown.account.id)
        await _sorted(self._sender.edit(chat_id, message_id, view, priority=Priority.CARD, silent=True))

    async def answer(self, answer: EndedQuestion) -> None:
        """Draws what became of a question. DeliveryError when Telegram would not, or the message is gone."""
        question = answer.question
        if question.message_id is not None:
            view = answered(answer, self._mode, self._clock.now()).led_by(answer.mark)
            view = self._own(view, question.chat_id, question.account_id)
            edit = self._sender.edit(question.chat_id, question.message_id, view, priority=Priority.CARD, silent=True, anew=False)
            await _sorted(edit)

    def _own(self, view: View, person: int, account_id: str) -> View:
        role = self._role_on(person, account_id)
        return view if role is None else offered(view, role, permission_of)


async def _sorted(call: Awaitable[int]) -> int:
    try:
        return await call
    except TelegramError as error:
        raise sorted_error(error) from error
