"""Alembic's entry: runs the chain on the connection and inside the transaction that storage/migrate.py hands over."""

from alembic import context

from storage.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,
)
context.run_migrations()
