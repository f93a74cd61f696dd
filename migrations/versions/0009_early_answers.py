"""an answer that was begun before its prompt was due: `early`

Revision: 0009, after 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = ("on_time", "late", "after_expiry", "unprompted")
AFTER = ("early", *BEFORE)


def upgrade() -> None:
    """Rows that are there keep their word."""
    _words(AFTER)


def downgrade() -> None:
    """What was early had been called `on_time`."""
    op.execute("UPDATE response SET timing = 'on_time' WHERE timing = 'early'")
    _words(BEFORE)


def _words(words: tuple[str, ...]) -> None:
    said = ", ".join(f"'{word}'" for word in words)
    with op.batch_alter_table("response") as batch_op:
        batch_op.drop_constraint(op.f("ck_response_timing"), type_="check")
        batch_op.create_check_constraint(op.f("ck_response_timing"), f"timing IN ({said})")
