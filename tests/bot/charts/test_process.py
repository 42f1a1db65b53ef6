"""The process that draws: started when needed, given up when it hangs or dies, and none of the bot's secrets in it."""

import ast
import asyncio
import os
import pickle
import resource
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.charts.draw import draw
from bot.charts.process import COMMAND, FAILED, LATE, DrawingProcess
from bot.domain.errors import PictureFailed
from tests.house.source import ROOT
from tests.stage.values.pictures import a_day, candles_of_a_day

pytestmark = pytest.mark.asyncio(loop_factories=["real"])

# Stands in for the worker: it takes the whole question, then does what is said.
ASKED = """
import struct, sys, os, time
def asked():
    (length,) = struct.unpack(">I", sys.stdin.buffer.read(4))
    return sys.stdin.buffer.read(length)
def tell(content):
    sys.stdout.buffer.write(struct.pack(">I", len(content)) + content); sys.stdout.buffer.flush()
"""


@asynccontextmanager
async def a_process(words: str = "", *, within: float = 10, idle: float = 60) -> AsyncIterator[DrawingProcess]:
    """The real one, or a stand-in whose program these words are."""
    process = DrawingProcess((sys.executable, "-c", ASKED + words) if words else COMMAND, within=within, idle=idle)
    try:
        yield process
    finally:
        await process.close()


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while alive(pid):  # noqa: ASYNC110 - the kernel rings no bell
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def begun(process: DrawingProcess) -> int:
    """The number of the process, once there is one."""
    async with asyncio.timeout(10):
        while (pid := process.pid) is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    return pid


async def test_it_draws_what_the_pure_functions_draw_and_stays_for_the_next_one() -> None:
    async with a_process() as process:
        assert await process.draw(a_day()) == draw(a_day())
        first = await begun(process)
        assert await process.draw(candles_of_a_day()) == draw(candles_of_a_day())
        assert process.pid == first
    await until_gone(first)


async def test_when_it_dies_in_the_middle_that_picture_fails_and_the_next_one_is_drawn(tmp_path: Path) -> None:
    words = f"""
content = asked()
if not os.path.exists({str(tmp_path / "died")!r}):
    open({str(tmp_path / "died")!r}, "w"); sys.stdout.buffer.write(b"\\0\\0"); sys.stdout.buffer.flush(); os._exit(1)
tell(b"second")
asked()
"""
    async with a_process(words) as process:
        with pytest.raises(PictureFailed, match=FAILED):
            await process.draw(a_day())
        assert await process.draw(a_day()) == b"second"


@pytest.mark.exhaustive
async def test_ended_by_the_host_between_two_pictures_it_starts_anew_and_nobody_notices() -> None:
    async with a_process() as process:
        content = await process.draw(a_day())
        pid = await begun(process)
        os.kill(pid, signal.SIGKILL)
        await until_gone(pid)
        await asyncio.sleep(0.05)  # until the loop has heard of it
        assert await process.draw(a_day()) == content
        assert process.pid != pid


HALF_AN_ANSWER = "asked(); sys.stdout.buffer.write(b'12'); sys.stdout.buffer.flush(); time.sleep(60)"


@pytest.mark.exhaustive
@pytest.mark.parametrize("words", ["asked(); time.sleep(60)", HALF_AN_ANSWER], ids=["silent", "half an answer"])
async def test_when_it_hangs_it_is_ended_and_the_person_hears_so(words: str) -> None:
    async with a_process(words, within=0.5) as process:
        drawing = asyncio.create_task(process.draw(a_day()))
        pid = await begun(process)
        with pytest.raises(PictureFailed, match=LATE):
            await drawing
        assert process.pid is None
        await until_gone(pid)


async def test_a_length_that_no_picture_has_is_not_waited_for() -> None:
    async with a_process("asked(); sys.stdout.buffer.write(b'\\xff' * 4); sys.stdout.buffer.flush(); asked()") as process:
        with pytest.raises(PictureFailed, match=FAILED):
            await process.draw(a_day())


@pytest.mark.exhaustive
async def test_a_picture_that_cannot_be_drawn_is_one_sentence_and_the_process_lives() -> None:
    async with a_process() as process:
        with pytest.raises(PictureFailed, match=FAILED):
            await process.draw("no picture at all")  # type: ignore[arg-type] # what it would be asked for by a fault of ours
        pid = process.pid
        assert pid is not None
        assert await process.draw(a_day()) == draw(a_day())
        assert process.pid == pid


async def test_whoever_is_cancelled_leaves_no_answer_for_the_next_one() -> None:
    async with a_process("content = asked(); time.sleep(0.3); tell(b'late'); asked()") as process:
        drawing = asyncio.create_task(process.draw(a_day()))
        pid = await begun(process)
        drawing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drawing
        await until_gone(pid)


@pytest.mark.exhaustive
async def test_it_stands_behind_the_bot_dumps_nothing_and_a_ctrl_c_at_the_terminal_is_not_for_it() -> None:
    async with a_process() as process:
        await process.draw(a_day())
        pid = await begun(process)
        assert os.getpriority(os.PRIO_PROCESS, pid) == 10
        assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
        os.kill(pid, signal.SIGINT)
        await process.draw(candles_of_a_day())
        assert process.pid == pid


@pytest.mark.exhaustive
async def test_idle_it_ends_by_itself_and_is_started_again() -> None:
    async with a_process(idle=0.05) as process:
        content = await process.draw(a_day())
        pid = process.pid
        assert pid is not None
        await until_gone(pid)
        assert process.pid is None
        assert await process.draw(a_day()) == content


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_a_picture_asked_for_in_the_moment_in_which_it_ends_is_drawn_all_the_same(steps: int) -> None:
    async with a_process("while True: tell(asked())", idle=0) as process:
        for _ in range(3):
            assert await process.draw(a_day()) == pickle.dumps(a_day())
            for _ in range(steps):
                await asyncio.sleep(0)


@pytest.mark.exhaustive
async def test_it_ends_with_the_bot_however_the_bot_ends() -> None:
    program = f"""
import asyncio, os, sys
sys.path.insert(0, {str(ROOT)!r})
from bot.charts.process import DrawingProcess
from tests.stage.values.pictures import a_day
async def main():
    process = DrawingProcess()
    await process.draw(a_day())
    print(process.pid, flush=True)
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    told, _ = await bot.communicate()
    assert bot.returncode == -9
    await until_gone(int(told))


async def test_the_environment_with_its_secrets_and_open_files_stay_behind(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    words = """
asked()
names = []
for fd in os.listdir("/proc/self/fd"):
    try: names.append(os.readlink(f"/proc/self/fd/{fd}"))
    except OSError: pass
tell(repr((sorted(os.environ), names)).encode())
asked()
"""
    held = os.open(secret, os.O_CREAT)
    try:
        async with a_process(words) as process:
            told = (await process.draw(a_day())).decode()
    finally:
        os.close(held)
    assert str(secret) not in told
    assert "pipe" in told
    assert {"PATH", "HOME", "TELEGRAM_BOT_TOKEN"} & set(ast.literal_eval(told)[0]) == set()
