"""Indexes for reports, and for what comes back."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make indexes on when deliveries ended, on Message-IDs, and on whose bounces there are."""
    ended, known = sa.text("ended_at IS NOT NULL"), sa.text("message_id != ''")
    op.create_index(
        "ix_deliveries_ended",
        "deliveries",
        ["ended_at", "state"],
        sqlite_where=ended,
        postgresql_where=ended,
    )
    op.create_index(
        "ix_deliveries_message_id",
        "deliveries",
        ["message_id"],
        sqlite_where=known,
        postgresql_where=known,
    )
    op.create_index("ix_bounces_subscriber_id", "bounces", ["subscriber_id"])
