"""what the stored prompts of an enrollment were planned from, and how far

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollment", sa.Column("planned_through", sa.Date(), nullable=True, comment="last local date whose prompts are rows"))
    comment = "digest of what these were planned from; null: compare them with the plan"
    op.add_column("enrollment", sa.Column("plan_basis", sa.LargeBinary(), nullable=True, comment=comment))


def downgrade() -> None:
    with op.batch_alter_table("enrollment") as batch_op:
        batch_op.drop_column("plan_basis")
        batch_op.drop_column("planned_through")
