"""when adherence is looked at

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ACTIVE = "state = 'active'"


def upgrade() -> None:
    op.add_column(
        "enrollment",
        sa.Column("watch_at", Instant(), nullable=True, comment="when adherence is looked at next, without an answer; null: never"),
    )
    op.create_index(
        "ix_enrollment_watch", "enrollment", ["watch_at"], unique=False, postgresql_where=sa.text(_ACTIVE), sqlite_where=sa.text(_ACTIVE)
    )
    # Who had begun before is looked at from now on.
    op.execute("UPDATE enrollment SET watch_at = started_at WHERE state = 'active'")


def downgrade() -> None:
    op.drop_index("ix_enrollment_watch", "enrollment", postgresql_where=sa.text(_ACTIVE), sqlite_where=sa.text(_ACTIVE))
    op.drop_column("enrollment", "watch_at")
