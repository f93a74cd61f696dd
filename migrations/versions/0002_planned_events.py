"""days that are set for what is to come

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "planned_event",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", BIG, nullable=False),
        sa.Column("enrollment_id", BIG, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("revision", BIG, nullable=False, comment="1 when it was set; each move, recall or confirmation is the next"),
        sa.Column(
            "kind",
            sa.Enum(
                "use",
                "dose",
                "missed_dose",
                "injection_day",
                "induction",
                "naloxone",
                "release",
                "discharge",
                "visit",
                "urine_result",
                "overdose",
                "emergency_visit",
                "quit_day",
                name="timed_event_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="local day of the person"),
        sa.Column("wall", sa.String(), nullable=True, comment="HH:MM; null: from waking on that day"),
        sa.Column(
            "intention",
            sa.Enum("planned", "retracted", "happened", name="intention", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("timed_event_id", BIG, nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("source", sa.String(), nullable=False, comment="participant or staff"),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_planned_event_enrollment_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_planned_event_study_id")),
        sa.ForeignKeyConstraint(["timed_event_id"], ["timed_event.id"], name=op.f("fk_planned_event_timed_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_event")),
        sa.UniqueConstraint(
            "enrollment_id", "client_id", "revision", name=op.f("uq_planned_event_enrollment_id_client_id_revision")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_planned_event_uid")),
    )


def downgrade() -> None:
    op.drop_table("planned_event")
