"""The bill of materials holds every locked package once, with its hashes, and is valid CycloneDX."""

import json
from pathlib import Path

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import ComponentScope

from tests.attack.advisories import audit
from tests.attack.bill import bill
from tests.house.source import ROOT

LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]


def test_every_locked_package_stands_in_it_once_with_its_hashes(tmp_path: Path) -> None:
    made = bill(LOCKS)
    parts = made["components"]
    assert len({part["purl"] for part in parts}) == len(parts) == audit(tmp_path, LOCKS).packages
    assert all(part["externalReferences"][0]["hashes"] for part in parts)
    required = {part["name"] for part in parts if part["scope"] == "required"}
    assert {"aiohttp", "cryptography", "python-telegram-bot"} <= required
    assert "pytest" not in required


def test_the_reference_implementation_reads_it() -> None:
    made = json.loads(json.dumps(bill(LOCKS)))
    read = Bom.from_json(made)  # type: ignore[attr-defined]  # added to the class by the serialiser
    assert len(read.components) == len(made["components"])
    assert {each.scope for each in read.components} == {ComponentScope.REQUIRED, ComponentScope.EXCLUDED}


def test_a_line_without_a_pin_is_no_bill(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("httpx @ git+https://example.com/httpx\n")
    with pytest.raises(ValueError, match="no pinned package"):
        bill([lock])
