"""What somebody agreed to, for each newsletter."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Keep consent with each enrolment; those that there are have that of their subscriber."""
    op.add_column("enrolments", sa.Column("consent_at", sa.BigInteger))
    op.add_column("enrolments", sa.Column("consent_source", sa.Text, nullable=False, server_default=""))
    op.add_column("enrolments", sa.Column("consent_text", sa.Text, nullable=False, server_default=""))
    op.add_column("enrolments", sa.Column("confirmed_at", sa.BigInteger))
    names = ("consent_at", "consent_source", "consent_text", "confirmed_at")
    enrolments = sa.table("enrolments", *map(sa.column, ("subscriber_id", "started_at", *names)))
    subscribers = sa.table("subscribers", *map(sa.column, ("id", *names)))
    theirs: dict[str, sa.ColumnElement[object]] = {
        name: sa.select(subscribers.c[name]).where(subscribers.c.id == enrolments.c.subscriber_id).scalar_subquery()
        for name in names
    }
    # Who has never begun hasn't said yes to this one.
    theirs["confirmed_at"] = sa.case((enrolments.c.started_at.is_not(None), theirs["confirmed_at"]), else_=None)
    op.execute(sa.update(enrolments).values(theirs))
