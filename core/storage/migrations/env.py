"""Alembic's entry: runs the migrations on the connection that `Database` gives, inside its transaction."""

from alembic import context
from sqlalchemy import Connection

from core.storage import call_tables, case_tables  # noqa: F401 (their tables join Base's metadata)
from core.storage.tables import Base

connection = context.config.attributes["connection"]
assert isinstance(connection, Connection)
# `Database` begins transactions itself, so DDL is transactional on SQLite too.
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
