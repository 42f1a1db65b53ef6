"""What `jobs` held as strings of seven kinds stands as typed flags, each with its subject and its value in columns."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    flags = op.create_table(
        "flags",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "subject", "value", name=op.f("pk_flags")),
        sqlite_strict=True,
    )
    for name, key, at in op.get_bind().exec_driver_sql("SELECT name, key, at FROM jobs ORDER BY at").all():
        flag = _flag(name, key)
        if flag is not None:
            op.execute(flags.insert().values(dict(zip(("name", "subject", "value"), flag, strict=True), at=at)))
    op.drop_table("jobs")


def _flag(name: str, key: str) -> tuple[str, str, str] | None:
    """The name, subject and value of a row. None for one that others imply."""
    first, _, _ = key.partition(" ")
    hour, _, person = key.rpartition(":")
    match name:
        case "mode":
            return name, "", first  # the rest repeats the row's time
        case "telegram bot":
            return name, "", key
        case "alarm":
            return "lockdown", "", ""
        case "password refused" | "logged out by a person":
            return name, key, ""
        case "tried":
            return name, person, hour
        case "tried in all":
            return None  # each goes with a row of "tried"
        case _ if name.startswith("code of "):
            return "code spent", name.removeprefix("code of "), first
        case _ if name.startswith("told:address:"):
            return "address told", name.removeprefix("told:address:"), key
    return "job", name, key
