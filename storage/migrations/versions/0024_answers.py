"""What became of a question is owed to its message until that shows it."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["token"], ["confirmations.token"], name=op.f("fk_answers_token"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_answers")),
        sqlite_strict=True,
    )
