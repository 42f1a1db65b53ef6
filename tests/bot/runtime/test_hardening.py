"""The process closes itself against other eyes, and trades real money as root only on purpose."""

import json
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.runtime.hardening import Whoami, process_environment, refuse_root, trusting_nobody
from tests.house.source import ROOT
from tests.stage.command import SET_UP, run

# In a program of its own: what is closed here stays closed.
PROBE = """
import json, os, resource, sys
from bot.cli.main import main
from bot.runtime.hardening import standing
before = standing()
main(["health"])
after = standing()
open(sys.argv[1], "w").close()
print(json.dumps({
    "before": before.complete, "after": after.complete, "core": resource.getrlimit(resource.RLIMIT_CORE),
    "mode": os.stat(sys.argv[1]).st_mode & 0o777, "dumpable": after.dumpable,
}))
"""


def test_every_command_begins_with_it_and_the_kernel_keeps_it_and_says_so(tmp_path: Path) -> None:
    """The command line is asked what it made of its own process, in a directory where nothing is set up."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "made"], capture_output=True, text=True, check=True, cwd=tmp_path, umask=0o022,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["before"] is False
    assert found["after"] is True
    assert found["core"] == [0, 0]
    assert found["dumpable"] is False
    assert found["mode"] == 0o600


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("container", [True, False])
def test_root_with_real_money_is_refused_outside_a_container_unless_told(
    live: bool, allowed: bool, uid: int, container: bool
) -> None:
    whoami = Whoami(uid=uid, container=container)
    if live and not allowed and uid == 0 and not container:
        with pytest.raises(SettingsError, match="ALLOW_ROOT"):
            refuse_root(whoami, live=live, allowed=allowed)
        return
    warning = refuse_root(whoami, live=live, allowed=allowed)
    assert (warning is not None) is (uid == 0 and not container)


def test_the_process_knows_itself_and_a_container_by_its_mark(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert Whoami.now([str(mark)]) == Whoami(uid=os.geteuid(), container=False)
    mark.touch()
    assert Whoami.now(["/nowhere", str(mark)]).container


@pytest.mark.parametrize(
    ("mode", "given", "ends", "says"),
    [
        ("live", {}, 2, "or say ALLOW_ROOT=yes"),
        ("live", {"ALLOW_ROOT": "yes"}, 2, "There is no key file"),  # past the refusal: the next thing that is missing
        ("paper", {}, 2, "give it a user of its own"),
    ],
)
def test_root_on_a_bare_host_on_the_real_command_line(
    tmp_path: Path, mode: str, given: dict[str, str], ends: int, says: str
) -> None:
    """The whole command, told that it is root outside of a container, wherever this test runs."""
    done = run("run", at=tmp_path, given=SET_UP | {"MODE": mode} | given, whoami=Whoami(uid=0, container=False))
    assert done.code == ends, done.err
    assert says in done.err
    if mode == "live" and not given:
        assert list(tmp_path.iterdir()) == [], "nothing was touched"


def test_the_process_environment_is_a_copy() -> None:
    environ = dict(process_environment())
    environ["MODE"] = "changed"
    assert process_environment().get("MODE") != "changed"


def test_a_tls_context_that_would_take_this_hosts_roots_takes_none_meanwhile() -> None:
    roots = len(ssl.create_default_context().get_ca_certs())
    before = process_environment()
    with trusting_nobody():
        assert ssl.create_default_context().get_ca_certs() == []
        paths = ssl.get_default_verify_paths()
        assert not any((paths.cafile, paths.capath))
    assert process_environment() == before
    assert len(ssl.create_default_context().get_ca_certs()) == roots


@pytest.mark.exhaustive
def test_the_running_bots_libraries_trust_nobody_by_themselves_and_its_own_context_does() -> None:
    code = (
        "from bot.cli.main import build_parser\n"
        "build_parser(['run'])\n"
        "from bot.broker.transport import tls_context\n"
        "from aiohttp.connector import _SSL_CONTEXT_VERIFIED as theirs\n"
        "print(len(theirs.get_ca_certs()), theirs.verify_mode.name, len(tls_context().get_ca_certs()) > 50)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["0", "CERT_REQUIRED", "True"]
