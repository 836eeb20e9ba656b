"""Images of rooms, for a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "images",
        sa.Column("room", sa.String(64), nullable=False),
        sa.Column("saved", sa.Float(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("room", name="pk_images"),
    )


def downgrade() -> None:
    op.drop_table("images")
