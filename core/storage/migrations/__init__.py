"""Alembic migrations of the records, run by `core.storage.database.Database.upgrade`."""
