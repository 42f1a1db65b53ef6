"""How each person wants to be told of what."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "news_settings",
        sa.Column("telegram_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["telegram_id"], ["people.telegram_id"], name=op.f("fk_news_settings_telegram_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("telegram_id", name=op.f("pk_news_settings")),
        sqlite_strict=True,
    )
