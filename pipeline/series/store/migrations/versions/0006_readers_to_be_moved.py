"""How far readers have been given their times by another schedule."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Keep with each sequence who was the last to be given a time; none means that all have been."""
    op.add_column("sequences", sa.Column("moving_after", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
