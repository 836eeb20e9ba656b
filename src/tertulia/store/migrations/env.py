"""Alembic's entry: runs the migrations on the connection that `Database.open` gives it."""

from alembic import context

from tertulia.store.tables import metadata

# SQLite cannot change a column in place; `render_as_batch` makes a new table of the old one.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
