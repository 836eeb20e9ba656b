"""Edited, deleted, with reactions under it; how far people have read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("chat") as chat:
        chat.add_column(sa.Column("change", sa.BigInteger(), nullable=False, server_default="0"))
        chat.add_column(sa.Column("edited", sa.Float(), nullable=True))
        chat.add_column(sa.Column("deleted", sa.Boolean(), nullable=False, server_default=sa.false()))
        chat.add_column(sa.Column("reactions", sa.JSON(), nullable=True))
        chat.create_index("ix_chat_room_change", ["room", "change"])
    op.create_table(
        "chat_cleared",
        sa.Column("room", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("room", name="pk_chat_cleared"),
    )
    op.create_index("ix_chat_cleared_number", "chat_cleared", ["number"])
    op.create_table(
        "chat_read",
        sa.Column("room", sa.String(64), nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("room", "identity", name="pk_chat_read"),
    )
    op.create_index("ix_chat_read_number", "chat_read", ["number"])


def downgrade() -> None:
    op.drop_table("chat_read")
    op.drop_table("chat_cleared")
    with op.batch_alter_table("chat") as chat:
        chat.drop_index("ix_chat_room_change")
        for column in ("reactions", "deleted", "edited", "change"):
            chat.drop_column(column)
