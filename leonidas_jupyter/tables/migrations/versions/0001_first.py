"""The first schema.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables and their indexes."""
    op.create_table(
        "files",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("unfinished", sa.Text(), nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("frame_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("content_version", sa.BigInteger(), nullable=False),
        sa.Column("frame_hash", sa.Text(), nullable=True),
        sa.Column("frame_size", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("columns", sa.BigInteger(), nullable=True),
        sa.Column("bad_rows", sa.Text(), nullable=True),
        sa.Column("dialect", sa.Text(), nullable=True),
        sa.Column("override", sa.Text(), nullable=True),
        sa.Column("newest_version", sa.BigInteger(), nullable=False),
        sa.Column("incoming", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.Text(), nullable=True),
        sa.Column("frame_key", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("derived_from", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("file_id", name="pk_files"),
    )
    op.create_index(
        "ix_files_project", "files", ["project_id", "created_at", "file_id"], unique=False
    )
    op.create_index(
        "ix_files_unfinished", "files", ["unfinished", "lease_until", "file_id"], unique=False
    )
    op.create_index("uq_files_frame_key", "files", ["frame_key"], unique=True)
    op.create_table(
        "members",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "member", name="pk_members"),
    )
    op.create_index(
        "ix_members_member", "members", ["member", "created_at", "project_id"], unique=False
    )
    op.create_table(
        "messages",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("tool_calls", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("run_status", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("usage", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", "message_id", name="pk_messages"),
    )
    op.create_table(
        "projects",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("unfinished", sa.Text(), nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Text(), nullable=True),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("data_exposure", sa.Text(), nullable=True),
        sa.Column("kernel_name", sa.Text(), nullable=True),
        sa.Column("file_count", sa.BigInteger(), nullable=False),
        sa.Column("session_count", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", name="pk_projects"),
    )
    op.create_index(
        "ix_projects_owner", "projects", ["owner_id", "created_at", "project_id"], unique=False
    )
    op.create_index(
        "ix_projects_unfinished",
        "projects",
        ["unfinished", "lease_until", "project_id"],
        unique=False,
    )
    op.create_table(
        "run_events",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_run_events"),
    )
    op.create_index("ix_run_events_ttl", "run_events", ["expires_at"], unique=False)
    op.create_table(
        "runs",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("unfinished", sa.Text(), nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("exposure", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("active_session", sa.Text(), nullable=True),
        sa.Column("cut_from", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )
    op.create_index(
        "ix_runs_by_session", "runs", ["session_id", "created_at", "run_id"], unique=False
    )
    op.create_index(
        "ix_runs_unfinished", "runs", ["unfinished", "lease_until", "run_id"], unique=False
    )
    op.create_index("uq_runs_active_session", "runs", ["active_session"], unique=True)
    op.create_table(
        "sessions",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("unfinished", sa.Text(), nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message_count", sa.BigInteger(), nullable=False),
        sa.Column("last_message_at", sa.Text(), nullable=True),
        sa.Column("data_exposure", sa.Text(), nullable=True),
        sa.Column("context_from", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", name="pk_sessions"),
    )
    op.create_index(
        "ix_sessions_project", "sessions", ["project_id", "created_at", "session_id"], unique=False
    )
    op.create_index(
        "ix_sessions_unfinished",
        "sessions",
        ["unfinished", "lease_until", "session_id"],
        unique=False,
    )
    op.create_table(
        "token_families",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("family_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("family_id", name="pk_token_families"),
    )
    op.create_index("ix_token_families_ttl", "token_families", ["expires_at"], unique=False)
    op.create_index(
        "ix_token_families_user",
        "token_families",
        ["user_id", "created_at", "family_id"],
        unique=False,
    )
    op.create_table(
        "users",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("unfinished", sa.Text(), nullable=True),
        sa.Column("worker_id", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
    )
    op.create_index(
        "ix_users_unfinished", "users", ["unfinished", "lease_until", "user_id"], unique=False
    )
    op.create_index("uq_users_email", "users", ["email"], unique=True)
    op.create_index("uq_users_username", "users", ["username"], unique=True)
