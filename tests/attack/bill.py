"""A bill of materials in CycloneDX's JSON: every locked package with its version and the hashes of all its files.

Run as: python -m tests.attack.bill LOCK... It is made from the locks alone, so two runs over the same locks give the same bill.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

_LOCKED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill(locks: Sequence[Path]) -> dict[str, Any]:
    """The bill. What the first lock names is needed to run the bot, what only later ones name is needed to work on it.

    ValueError for a line without a pin.
    """
    found: dict[str, dict[str, Any]] = {}
    for number, lock in enumerate(locks):
        for line in lock.read_text("utf-8").replace("\\\n", " ").splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = _LOCKED.match(line)
            if match is None:
                msg = f"{lock.name}: {line.strip()[:60]} is no pinned package"
                raise ValueError(msg)
            name, version = str(canonicalize_name(match["name"])), match["version"]
            purl = f"pkg:pypi/{name}@{version}"
            hashes = [{"alg": "SHA-256", "content": each} for each in sorted(_HASH.findall(line))]
            part = {
                "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
                "scope": "required" if number == 0 else "excluded",
                "externalReferences": [{"type": "distribution", "url": purl, "hashes": hashes}],
            }  # fmt: skip
            found.setdefault(purl, part)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "mstock-phone"}},
        "components": [found[purl] for purl in sorted(found)],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bill([Path(each) for each in sys.argv[1:]]), indent=1) + "\n")
