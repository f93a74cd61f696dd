"""revisions: moves of a study, and versions that were withdrawn

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WITHDRAWN = "nobody is moved to it any more; answers that name it are taken"


def upgrade() -> None:
    op.create_table(
        "study_move",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False, comment="made by the caller, so that a retry moves nobody twice"),
        sa.Column("study_id", BIG, nullable=False),
        sa.Column("protocol_version_id", BIG, nullable=True),
        sa.Column("leaves_version_id", BIG, nullable=True),
        sa.Column(
            "withdraws",
            sa.Boolean(),
            nullable=False,
            comment="leaves_version_id was withdrawn; with no version to go to, each goes back",
        ),
        sa.Column("site_id", BIG, nullable=True),
        sa.Column("arm", sa.String(), nullable=True),
        sa.Column(
            "valid_from",
            sa.Date(),
            nullable=False,
            comment="local day of each person; of a withdrawal not before the person's day at moved_at",
        ),
        sa.Column("people", BIG, nullable=False, comment="how many were moved"),
        sa.Column("moved_by", BIG, nullable=True),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["leaves_version_id"], ["protocol_version.id"], name=op.f("fk_study_move_leaves_version_id")),
        sa.ForeignKeyConstraint(["moved_by"], ["staff.id"], name=op.f("fk_study_move_moved_by")),
        sa.ForeignKeyConstraint(["protocol_version_id"], ["protocol_version.id"], name=op.f("fk_study_move_protocol_version_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_study_move_site_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_move_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_move")),
        sa.UniqueConstraint("study_id", "uid", name=op.f("uq_study_move_study_id_uid")),
    )
    with op.batch_alter_table("protocol_move", schema=None) as batch_op:
        batch_op.add_column(sa.Column("study_move_id", BIG, nullable=True))
        batch_op.create_foreign_key(op.f("fk_protocol_move_study_move_id"), "study_move", ["study_move_id"], ["id"])
    with op.batch_alter_table("protocol_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_at", Instant(), nullable=True, comment=WITHDRAWN))
        batch_op.add_column(sa.Column("withdrawn_by", BIG, nullable=True))
        batch_op.add_column(sa.Column("withdrawn_note", sa.String(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_protocol_version_withdrawn_by"), "staff", ["withdrawn_by"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("protocol_version", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_protocol_version_withdrawn_by"), type_="foreignkey")
        for column in ("withdrawn_note", "withdrawn_by", "withdrawn_at"):
            batch_op.drop_column(column)
    with op.batch_alter_table("protocol_move", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_protocol_move_study_move_id"), type_="foreignkey")
        batch_op.drop_column("study_move_id")
    op.drop_table("study_move")
