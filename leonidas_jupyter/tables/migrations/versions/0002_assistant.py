"""What the assistant keeps: usage, budgets, summaries.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make what is new."""
    op.create_table(
        "usage",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "entry", name="pk_usage"),
    )
    op.create_index("ix_usage_ttl", "usage", ["expires_at"], unique=False)
    op.add_column("runs", sa.Column("counted", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("summary", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("input_tokens", sa.BigInteger(), nullable=True))
    op.add_column("sessions", sa.Column("output_tokens", sa.BigInteger(), nullable=True))
    op.add_column("sessions", sa.Column("cost_micros", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("content_until", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("said", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("exposure", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("receipts", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("executor", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("kernel_id", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("paused_at", sa.BigInteger(), nullable=True))
    op.add_column("runs", sa.Column("frames", sa.Text(), nullable=True))
    op.add_column("sessions", sa.Column("python_allowed", sa.Text(), nullable=True))
    op.add_column("token_families", sa.Column("kernel", sa.Boolean(), nullable=True))
    op.add_column("projects", sa.Column("python", sa.Text(), nullable=True))
    op.add_column("projects", sa.Column("models", sa.Text(), nullable=True))
    op.add_column("projects", sa.Column("tool_rounds", sa.BigInteger(), nullable=True))
    op.add_column("projects", sa.Column("run_tokens", sa.BigInteger(), nullable=True))
    op.add_column("files", sa.Column("frame_sha256", sa.Text(), nullable=True))
