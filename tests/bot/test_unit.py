"""The shipped systemd unit keeps its sandbox, names paths that the bot accepts, and leaves out nothing that the bot relies on."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from bot.cli.exit_codes import WRONG_SETTINGS
from bot.config.keys import KeySource
from bot.config.settings import SETTINGS, Settings
from tests.house.source import ROOT
from tests.stage.command import SET_UP

UNIT = ROOT / "docs" / "mstock-bot.service"

# Directive -> the value the bot's safety relies on (systemd.exec(5), systemd.resource-control(5)).
RELIED_ON = {
    "User": "mstock-bot",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectProc": "invisible",
    "MemoryDenyWriteExecute": "yes",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "SystemCallArchitectures": "native",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "UMask": "0077",
    "StateDirectoryMode": "0700",
    "LimitCORE": "0",
    "MemorySwapMax": "0",
    "RestartPreventExitStatus": str(WRONG_SETTINGS),  # what will never work is not started again and again
    "Restart": "on-failure",
}
SECTIONS = {"Unit", "Service", "Install"}


def parsed() -> dict[str, list[str]]:
    """Directive -> its values, in the order of the file. Every line must be a section, a comment or a directive."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            assert line.strip("[]") in SECTIONS, line
            continue
        match = re.fullmatch(r"([A-Z][A-Za-z]+)=(.*)", line)
        assert match is not None, line
        found[match[1]].append(match[2])
    return found


def environment() -> dict[str, str]:
    return dict(each.split("=", 1) for each in parsed()["Environment"])


def test_each_directive_that_the_safety_relies_on_stands_there_once() -> None:
    unit = parsed()
    assert {directive: unit[directive] for directive in RELIED_ON} == {name: [value] for name, value in RELIED_ON.items()}


def test_the_calls_to_the_kernel_are_a_list_of_what_a_service_needs_without_what_only_root_needs() -> None:
    allowed, *refused = parsed()["SystemCallFilter"]
    assert allowed == "@system-service"
    assert {"@privileged", "@mount", "@debug"} <= {word for each in refused for word in each.removeprefix("~").split()}
    # The bot sets its own limit on core files: with @resources refused it would die at its first line.
    assert "@resources" not in " ".join(refused)


def test_its_names_are_settings_and_its_paths_pass_the_bots_own_rules() -> None:
    names = {each.name for each in SETTINGS} | {f"{each.name}_FILE" for each in SETTINGS if each.secret}
    given = {name: value for name, value in environment().items() if not name.startswith("PYTHON")}
    assert set(given) <= names
    del given["KEY_PASSPHRASE_FILE"]  # systemd makes that one
    read = Settings.read({"MODE": "live", "TELEGRAM_BOT_TOKEN": "123456789:" + "A" * 35, **given})
    assert read.key_source is KeySource.PASSPHRASE
    (state,) = parsed()["StateDirectory"]
    assert read.database.is_relative_to(f"/var/lib/{state}")
    for key in (read.key_file, read.seed_key_file):
        assert not key.is_relative_to(f"/var/lib/{state}")


def test_the_passphrase_is_a_credential_and_stands_in_no_argument_and_no_environment() -> None:
    (credential,) = parsed()["LoadCredentialEncrypted"]
    assert environment()["KEY_PASSPHRASE_FILE"] == f"%d/{credential.partition(':')[0]}"
    assert "KEY_PASSPHRASE" not in environment()
    assert "passphrase" not in "".join(parsed()["ExecStart"])


SET_MDWE, REFUSE_EXEC_GAIN = 65, 1  # prctl(2), Linux 6.3: what MemoryDenyWriteExecute asks for


OWNER = ["people", "add", "1", "--role", "owner"]


def deny_write_execute() -> None:
    if ctypes.CDLL(None).prctl(SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
        os._exit(77)


@pytest.mark.exhaustive
def test_the_bot_runs_without_memory_that_is_both_written_and_executed(tmp_path: Path) -> None:
    """The same rule, asked of the kernel: keys are made and a report is written under it, by all the libraries there are."""
    probe = "from bot.cli.main import main\n"
    probe += "for words in ('people add 4211 --role owner', 'key new', 'key new --seed', 'key rotate', 'diagnose'):\n"
    probe += "    assert main(words.split()) == 0, words"
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), **SET_UP}, preexec_fn=deny_write_execute,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("this kernel is older than 6.3")
    assert done.returncode == 0, done.stderr
    assert "process dumpable: no" in done.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_systemd_reads_the_unit_and_finds_it_hardly_exposed() -> None:
    """Its score of 100. What stays open is the network, which a bot needs, and what would hide its own key files from it."""
    environment = {"PATH": os.environ["PATH"], "SYSTEMD_LOG_LEVEL": "warning"}
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(UNIT)], capture_output=True, text=True, check=False, env=environment
    )
    complaints = [line for line in (verified.stdout + verified.stderr).splitlines() if "mstock-bot" in line]
    assert [line for line in complaints if "is not executable" not in line] == [], "all but the checkout that is not here"
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=16", "--no-pager", str(UNIT)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert judged.returncode == 0, judged.stdout[-500:]
    strict = [*command[:3], "--threshold=5", *command[4:]]
    assert subprocess.run(strict, capture_output=True, check=False, env=environment).returncode != 0, "the threshold is heard"
