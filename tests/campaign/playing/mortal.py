"""A loop on which a process can die: whatever one life has under way stops between two steps, and its sockets are cut.

Nothing of the dead is cancelled, for a cancelled task still does what its last words say, and a killed process does not.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar, TypeVarTuple

from bot.simulators.loop import VirtualLoop

T = TypeVar("T")
_Ts = TypeVarTuple("_Ts")

A_WEEK = 7 * 86_400.0  # seconds
LIFE: ContextVar[int] = ContextVar("life", default=0)  # 0: the world's own, which nobody kills


class MortalLoop(VirtualLoop):
    """Virtual time, with lives that can end at any step."""

    def __init__(self) -> None:
        self._dead: set[int] = set()
        super().__init__(limit=A_WEEK)
        self._lives = 0
        self._tasks: dict[int, list[asyncio.Task[Any]]] = {}  # by life; the dead's are held, so that none is finished by chance
        self.set_task_factory(self._begun)  # type: ignore[arg-type]  # typeshed wants a protocol of its own
        self.set_exception_handler(lambda *_: None)  # the dead are not mourned: their tasks were never finished

    def new_life(self) -> Context:
        """A context for whatever is one process."""
        self._lives += 1
        context = copy_context()
        context.run(LIFE.set, self._lives)
        return context

    def _begun(self, _: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], **how: Any) -> "asyncio.Task[T]":
        task = asyncio.Task(work, loop=self, **how)
        context = how.get("context")
        life = LIFE.get() if context is None else context.get(LIFE, 0)
        if life:
            self._tasks.setdefault(life, []).append(task)
        return task

    def live(self, work: Coroutine[Any, Any, T], life: Context) -> "asyncio.Task[T]":
        """Starts work that belongs to a life."""
        return self.create_task(work, context=life)

    def kill(self, life: Context) -> None:
        """Ends a life at once: nothing of it ever runs again, and the other ends of its sockets see them closed."""
        number = life[LIFE]
        self._dead.add(number)
        for task in self._tasks[number]:
            asyncio._unregister_task(task)  # whoever ends this loop has nothing to wait for
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio's own
        for handle in (*self._ready, *self._scheduled):  # type: ignore[attr-defined]  # the base class's own lists
            if handle._context.get(LIFE) == number:
                handle.cancel()
        for key in list(self._door.get_map().values()):
            for handle in key.data or ():
                if handle is not None and handle._context.get(LIFE) == number:
                    self._cut(key.fd, handle._callback)
                    break

    def _cut(self, file: int, callback: Callable[..., object]) -> None:
        """Closes a socket of the dead as the kernel does, and lets its transport touch that number never again."""
        self._remove_reader(file)  # type: ignore[attr-defined]  # asyncio's own
        self._remove_writer(file)  # type: ignore[attr-defined]  # asyncio's own
        transport = getattr(callback, "__self__", None)
        sock = getattr(transport, "_sock", None)
        if transport is None or sock is None:
            return
        self._transports.pop(file, None)  # type: ignore[attr-defined]  # asyncio's own
        transport._closing, transport._conn_lost = True, 1
        sock.close()

    def call_soon(self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None) -> asyncio.Handle:
        """As in asyncio. What wakes a dead life comes to nothing."""
        handle = super().call_soon(callback, *args, context=context)
        if self._dead and handle._context.get(LIFE) in self._dead:  # type: ignore[attr-defined]  # asyncio's own
            handle.cancel()
        return handle

    def _add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> asyncio.Handle | None:
        """As in asyncio. The step in which a life ends may go on to its next pause, and listens to nothing any more."""
        if self._dead and LIFE.get() in self._dead:
            return None
        handle: asyncio.Handle = super()._add_reader(fd, callback, *args)  # type: ignore[misc]  # asyncio's own
        return handle

    def _add_writer(self, fd: Any, callback: Callable[..., object], *args: Any) -> asyncio.Handle | None:
        """The same for what would still be written."""
        if self._dead and LIFE.get() in self._dead:
            return None
        handle: asyncio.Handle = super()._add_writer(fd, callback, *args)  # type: ignore[misc]  # asyncio's own
        return handle
