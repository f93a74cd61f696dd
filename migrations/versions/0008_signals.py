"""points of passive signals

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = ("heart_rate", "heart_rate_variability_rmssd", "heart_rate_variability_sdnn", "sleep_duration", "step_count")
SCOPES = (
    "collect, use, contact, share_scenes, health_record, or erase",
    "collect, use, contact, share_scenes, health_record, signals, or erase",
)


def upgrade() -> None:
    op.create_table(
        "signal_point",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("study_id", BIG, nullable=False),
        sa.Column("enrollment_id", BIG, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("protocol_version_id", BIG, nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="signal_kind", native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column("started_at", Instant(), nullable=True, comment="null: measured at one moment"),
        sa.Column("ended_at", Instant(), nullable=False, comment="from when it counts; corrected by skew"),
        sa.Column("value", sa.Double(), nullable=False, comment="beats/min, ms, h or steps, by kind"),
        sa.Column("received_at", Instant(), nullable=False, comment="study time at the server"),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_signal_point_enrollment_id")),
        sa.ForeignKeyConstraint(["protocol_version_id"], ["protocol_version.id"], name=op.f("fk_signal_point_protocol_version_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_signal_point_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_point")),
        sa.UniqueConstraint("enrollment_id", "client_id", name=op.f("uq_signal_point_enrollment_id_client_id")),
    )
    op.create_index("ix_signal_point_enrollment", "signal_point", ["enrollment_id", "kind", "ended_at"], unique=False)
    _explain(*SCOPES)


def downgrade() -> None:
    _explain(*reversed(SCOPES))
    op.drop_index("ix_signal_point_enrollment", table_name="signal_point")
    op.drop_table("signal_point")


def _explain(before: str, after: str) -> None:
    """SQLite keeps no comments."""
    if op.get_context().dialect.name == "postgresql":
        op.alter_column("consent", "scope", existing_type=sa.String(), existing_nullable=False, existing_comment=before, comment=after)
