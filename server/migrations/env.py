"""Alembic's entry: runs the migrations on the connection that it is given."""

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString, SQLModel

import server.models  # noqa: F401  fills the metadata
from server.db import UTCDateTime


def _plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """New revisions name types without the modules they came from."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "UTCDateTime()"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_item=_plain_types,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
