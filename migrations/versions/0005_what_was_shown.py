"""what a response was shown: its language, and the order of its items

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ORDER = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")
DRAWN = ("rotation: items drawn and their inclusion probabilities", "of rotating sets the items and their probabilities, of shuffles the order")


def upgrade() -> None:
    op.add_column("response", sa.Column("language", sa.String(), nullable=True, comment="the language version of the instrument that was shown"))
    op.add_column("response", sa.Column("item_order", ORDER, nullable=True, comment="item ids as they were asked; null: as written"))
    _explain(*DRAWN)


def downgrade() -> None:
    with op.batch_alter_table("response") as batch_op:
        batch_op.drop_column("item_order")
        batch_op.drop_column("language")
    _explain(*reversed(DRAWN))


def _explain(before: str, after: str) -> None:
    """SQLite keeps no comments."""
    if op.get_context().dialect.name == "postgresql":
        op.alter_column("prompt", "drawn", existing_type=ORDER, existing_nullable=True, existing_comment=before, comment=after)
