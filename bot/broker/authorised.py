"""One account's calls that need a session: get a living one, call, read the envelope, and know when the session is gone."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.broker import routes
from bot.broker.session import SessionKeeper
from bot.broker.transport import OpenSink, Superseded, Transport
from bot.broker.wire import answers, models
from bot.domain.errors import BrokerError, NotSent, SessionExpired, Unclear, Unreadable
from bot.domain.people.secret import Secret
from bot.domain.ports.broker import Leaving

Verdict = tuple[Any, BrokerError | None, bool]  # the data, why there is none, and whether the session is gone


class AuthorisedCalls:
    """Sends the calls of one account under its session. A read may be sent once more. An act is sent once."""

    def __init__(self, transport: Transport, keeper: SessionKeeper, key: Callable[[], Secret], address: str | None) -> None:
        self._transport = transport
        self._keeper = keeper
        self._key = key
        self._address = address  # this host's own, as the broker sees it; None where that is not known

    async def read(
        self, route: routes.Route, body: Mapping[str, object] | None = None, *, urgent: bool = False, **names: str
    ) -> Any:
        """The data of a read."""
        return await self._authorised(route, body, _verdict_on_read, urgent=urgent, names=names)

    async def read_book(self, route: routes.Route, what: str, *, urgent: bool = False) -> list[Any]:
        """The rows of a book, each as JSON where the answer is a plain one."""
        return models.rows(await self._authorised(route, None, _verdict_on_book, urgent=urgent), what)

    async def download(self, route: routes.Route, into: OpenSink) -> answers.Answer:
        """The answer whose body went into the sink. SessionExpired is the one failure that it looks for."""
        answer: answers.Answer = await self._authorised(route, None, _verdict_on_download, into=into)
        return answer

    async def act(
        self,
        route: routes.Route,
        body: Mapping[str, object] | None,
        act: str,
        *,
        urgent: bool = False,
        leaving: Leaving | None = None,
        **names: str,
    ) -> Any:
        """The data of an act's answer. NotSent where there is no session to send it under. leaving: as the port has it."""

        def verdict(answer: answers.Answer) -> Verdict:
            if route is routes.CANCEL and answer.http in (200, 202, 204) and not answer.body.strip():
                return None, None, False  # an empty yes, seen on DELETE alone (5.4)
            envelope = answers.envelope(answer.body)
            failure = answers.failure_of_act(answer, envelope, act)
            if envelope is None:
                return None, failure or Unclear(f"mStock's answer to the {act} could not be read."), False
            return envelope.data, failure, answers.session_is_gone(envelope)

        return await self._authorised(route, body, verdict, urgent=urgent, leaving=leaving, names=names)

    async def _authorised(
        self,
        route: routes.Route,
        body: Mapping[str, object] | None,
        verdict: Callable[[answers.Answer], Verdict],
        *,
        urgent: bool = False,
        leaving: Leaving | None = None,
        into: OpenSink | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Any:
        """A living session, the call, the verdict.

        Where the session is gone, a route that may be repeated is asked once more, and any that was not sent yet is sent.
        """
        for last in (False, True):
            try:
                session = await self._keeper.living()
            except SessionExpired as gone:
                if route.repeat:
                    raise
                raise NotSent(f"Nothing was sent. {gone.say}") from None
            try:
                answer = await self._transport.call(
                    route, key=self._key(), token=session.token, body=body, urgent=urgent, leaving=leaving, into=into,
                    names=names, still=lambda session=session: self._keeper.session == session,  # type: ignore[misc] # bound at once
                )  # fmt: skip
            except Superseded:  # nothing was sent, so an act, too, may go under the session of now
                if last:
                    raise
                continue
            data, failure, session_is_gone = verdict(answer)
            if session_is_gone:
                self._keeper.found_dead(session)
                if route.repeat and not last:
                    continue
            if failure is not None:
                raise answers.naming(failure, self._address)
            return data
        raise AssertionError("the second attempt returns or raises")  # pragma: no cover


def _verdict_on_read(answer: answers.Answer) -> Verdict:
    envelope = answers.envelope(answer.body)
    failure = answers.failure_of_read(answer, envelope)
    if envelope is None:
        return None, failure or Unreadable("mStock answered with something that is not an answer."), False
    return envelope.data, failure, isinstance(failure, SessionExpired)


def _verdict_on_book(answer: answers.Answer) -> Verdict:
    rows = answers.book(answer)
    return _verdict_on_read(answer) if rows is None else (rows, None, False)


def _verdict_on_download(answer: answers.Answer) -> Verdict:
    failure = answers.failure_of_read(answer, answers.envelope(answer.body))
    return (answer, failure, True) if isinstance(failure, SessionExpired) else (answer, None, False)
