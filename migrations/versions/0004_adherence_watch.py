"""when adherence is looked at, and population models at work

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

from models.base import BIG, Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ACTIVE = "state = 'active'"
_MOVES = ("shadowed", "promoted", "rolled_back", "withdrawn")


def upgrade() -> None:
    op.add_column(
        "enrollment",
        sa.Column("watch_at", Instant(), nullable=True, comment="when adherence is looked at next, without an answer; null: never"),
    )
    op.create_index(
        "ix_enrollment_watch", "enrollment", ["watch_at"], unique=False, postgresql_where=sa.text(_ACTIVE), sqlite_where=sa.text(_ACTIVE)
    )
    op.add_column(
        "enrollment",
        sa.Column("score_at", Instant(), nullable=True, comment="when population models score the person next; null: none is loaded"),
    )
    op.create_index(
        "ix_enrollment_score", "enrollment", ["score_at"], unique=False, postgresql_where=sa.text(_ACTIVE), sqlite_where=sa.text(_ACTIVE)
    )
    # Who had begun before is looked at from now on.
    op.execute("UPDATE enrollment SET watch_at = started_at WHERE state = 'active'")
    _models()


def _models() -> None:
    op.create_table(
        "population_model",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", BIG, nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="model, target and the beginning of the digest"),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False, comment="sha256 of the canonical document"),
        sa.Column("file", sa.LargeBinary(), nullable=False, comment="the document beside its digest; read again before it is used"),
        sa.Column("stored_by", BIG, nullable=False),
        sa.Column("stored_at", Instant(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["stored_by"], ["staff.id"], name=op.f("fk_population_model_stored_by")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_population_model_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_population_model")),
        sa.UniqueConstraint("study_id", "digest", name=op.f("uq_population_model_study_id_digest")),
        sa.UniqueConstraint("uid", name=op.f("uq_population_model_uid")),
    )
    op.create_table(
        "population_move",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("study_id", BIG, nullable=False),
        sa.Column("population_model_id", BIG, nullable=False),
        sa.Column("what", sa.Enum(*_MOVES, name="model_move", native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column("by_staff_id", BIG, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["by_staff_id"], ["staff.id"], name=op.f("fk_population_move_by_staff_id")),
        sa.ForeignKeyConstraint(
            ["population_model_id"], ["population_model.id"], name=op.f("fk_population_move_population_model_id")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_population_move_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_population_move")),
    )
    op.create_index("ix_population_move_study", "population_move", ["study_id"], unique=False)
    op.create_table(
        "population_score",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("study_id", BIG, nullable=False),
        sa.Column("enrollment_id", BIG, nullable=False),
        sa.Column("population_model_id", BIG, nullable=False),
        sa.Column("study_day", BIG, nullable=False, comment="the day that begins at the midnight"),
        sa.Column(
            "as_of", Instant(), nullable=False, comment="the local midnight that begins the day: nothing known later was read"
        ),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False, comment="shown to no one, drives nothing"),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("inputs_hash", sa.LargeBinary(), nullable=False, comment="sha256 of the features that the model read"),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.CheckConstraint("probability >= 0 AND probability <= 1", name=op.f("ck_population_score_a_probability")),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"], name=op.f("fk_population_score_enrollment_id")),
        sa.ForeignKeyConstraint(
            ["population_model_id"], ["population_model.id"], name=op.f("fk_population_score_population_model_id")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_population_score_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_population_score")),
        sa.UniqueConstraint(
            "enrollment_id", "population_model_id", "study_day", "study_id", name=op.f("uq_population_score_day")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_population_score_uid")),
    )


def downgrade() -> None:
    for table in ("population_score", "population_move", "population_model"):
        op.drop_table(table)
    op.drop_index("ix_enrollment_score", "enrollment", postgresql_where=sa.text(_ACTIVE), sqlite_where=sa.text(_ACTIVE))
    op.drop_column("enrollment", "score_at")
    op.drop_index("ix_enrollment_watch", "enrollment", postgresql_where=sa.text(_ACTIVE), sqlite_where=sa.text(_ACTIVE))
    op.drop_column("enrollment", "watch_at")
