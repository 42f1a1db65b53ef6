"""The process closes itself against other eyes, and trades real money as root only on purpose."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.process import refuse_root
from tests.house.source import ROOT

# In a program of its own: what is closed here stays closed.
PROBE = """
import json, os, resource, sys
from bot.process import harden, standing
before = standing()
after = harden()
open(sys.argv[1], "w").close()
print(json.dumps({
    "before": before.complete, "after": after.complete, "core": resource.getrlimit(resource.RLIMIT_CORE),
    "mode": os.stat(sys.argv[1]).st_mode & 0o777, "dumpable": after.dumpable,
    "owner of its memory": os.stat("/proc/self/mem").st_uid,
}))
"""


def test_asked_once_the_kernel_keeps_it_and_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROBE, str(tmp_path / "made")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, umask=0o022)
    found = json.loads(done.stdout)
    assert found["before"] is False
    assert found["after"] is True
    assert found["core"] == [0, 0]
    assert found["dumpable"] is False
    assert found["mode"] == 0o600


def test_every_command_begins_with_it(tmp_path: Path) -> None:
    """The command line is asked what it made of its own process, in a directory where nothing is set up."""
    probe = "import sys; from bot.cli import main; from bot.process import standing\n"
    probe += "main(sys.argv[1:])\nprint(standing().complete)"
    done = subprocess.run(
        [sys.executable, "-c", probe, "health"], capture_output=True, text=True, check=True, cwd=tmp_path, umask=0o022,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "True"


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("container", [True, False])
def test_root_with_real_money_is_refused_outside_a_container_unless_told(
    tmp_path: Path, live: bool, allowed: bool, uid: int, container: bool
) -> None:
    mark = tmp_path / "mark"
    if container:
        mark.touch()
    if live and not allowed and uid == 0 and not container:
        with pytest.raises(SettingsError, match="ALLOW_ROOT"):
            refuse_root(live=live, allowed=allowed, uid=uid, marks=[str(mark)])
        return
    warning = refuse_root(live=live, allowed=allowed, uid=uid, marks=[str(mark)])
    assert (warning is not None) is (uid == 0 and not container)


def test_live_as_root_ends_at_once_on_the_real_command_line(tmp_path: Path) -> None:
    if os.geteuid() or any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")):
        pytest.skip("only root outside a container is refused")
    settings = {"MODE": "live", "TELEGRAM_BOT_TOKEN": "123456789:" + "A" * 35, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "run"], capture_output=True, text=True, check=False, cwd=tmp_path, env=settings
    )
    assert done.returncode == 2
    assert "ALLOW_ROOT" in done.stderr
    assert list(tmp_path.iterdir()) == []
