"""Where a migration says which older releases can go on working with its schema.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
compatible_from = "0002"


def upgrade() -> None:
    """Make the table, whose row each migration writes when it is done."""
    op.create_table(
        "leonidas_schema",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("compatible_from", sa.Text(), nullable=False),
    )
