"""An index of what is in doubt."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make an index of deliveries that a person is to decide about."""
    doubtful = sa.text("state = 'in_doubt'")
    op.create_index(
        "ix_deliveries_in_doubt",
        "deliveries",
        ["ended_at"],
        sqlite_where=doubtful,
        postgresql_where=doubtful,
    )
