"""what thresholds by alert budget made of a person's day

Revision: 0007, after 0006
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from models.base import DOCUMENT

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS: tuple[tuple[str, Any, str], ...] = (
    ("evidence_hours", sa.Double(), "at the midnight, since the newest answer; null: none, or in shadow"),
    ("eligible", sa.Boolean(), "an alert may be raised: the day counts for the budget; null: not judged"),
    ("crossed", sa.String(), "which threshold by alert budget was passed: probability or rise"),
    ("raised", sa.Boolean(), "an alert was raised for it; null: not judged"),
    ("shift", sa.Double(), "how far the site's threshold stood above the calibrated one, on the logit"),
    ("judgement", DOCUMENT, "thresholds by id and number, what held an alert back, reasons of a crossing"),
)


def upgrade() -> None:
    with op.batch_alter_table("population_score") as batch_op:
        for name, kind, comment in COLUMNS:
            batch_op.add_column(sa.Column(name, kind, nullable=True, comment=comment))
        batch_op.create_check_constraint(op.f("ck_population_score_a_crossing"), "crossed IN ('probability', 'rise')")
    op.create_index("ix_population_score_study", "population_score", ["study_id", "as_of"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_population_score_study", table_name="population_score")
    with op.batch_alter_table("population_score") as batch_op:
        batch_op.drop_constraint(op.f("ck_population_score_a_crossing"), type_="check")
        for name, _, _ in reversed(COLUMNS):
            batch_op.drop_column(name)
