"""The schema's revisions, as Alembic runs them."""
