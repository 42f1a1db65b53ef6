"""`python -m bot audit`: the record of acts, verified or exported."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.cli.exit_codes import DONE, FAILED
from bot.config.settings import Settings
from bot.database import without_keys
from storage.repos.audit import AuditRow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The acts: verify, export."""
    acts = parser.add_subparsers(required=True, metavar="ACT", dest="act")
    acts.add_parser("verify", help="whether every row is as it was written")
    acts.add_parser("export", help="every row with its hash, one JSON object a line")


def run(parsed: argparse.Namespace) -> int:
    """Prints the rows, or that each is as it was written. It fails when one is not."""
    rows, broken = asyncio.run(read_audit(Settings.read(parsed.environ, directory=Path())))
    if parsed.act == "export":
        for row in rows:
            print(as_json(row))
    if broken is not None:
        print(f"The audit is broken: row {broken} is not as it was written.", file=sys.stderr)
        return FAILED
    if parsed.act == "verify":
        newest = rows[-1].hash.hex() if rows else "none"
        print(f"{len(rows)} rows, each as it was written. Newest hash: {newest}. Noted elsewhere it proves this record later.")
    return DONE


async def read_audit(settings: Settings) -> tuple[Sequence[AuditRow], int | None]:
    """Reads every row, and the first that is not as it was written."""
    async with without_keys(settings) as store:
        return await store.transaction(lambda db: (db.audit.export(), db.audit.verify()))


def as_json(row: AuditRow) -> str:
    """Writes a row as one line. What a person or the broker wrote stays data, whatever is in it."""
    return json.dumps(
        {
            "id": row.id, "at": row.at.isoformat(), "who": row.who, "what": row.what, "account": row.account_id,
            "detail": row.detail, "hash": row.hash.hex(),
        }
    )  # fmt: skip
