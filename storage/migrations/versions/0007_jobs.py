"""A job has one row of the last date that it is settled for, where it had a flag for every date."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_jobs")),
        sqlite_strict=True,
    )
    op.execute(
        "INSERT INTO jobs SELECT subject, max(value), max(at), 'done' FROM flags"
        " WHERE name = 'job' AND value GLOB '????-??-??' GROUP BY subject"
    )
    op.execute("DELETE FROM flags WHERE name = 'job'")
