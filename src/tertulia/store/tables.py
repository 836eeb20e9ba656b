"""The tables, as they are now. How a database gets there from an older version stands in `migrations`."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

chat = Table(
    "chat",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("room", String(64), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("key", String(64), nullable=True),  # null: nothing tells a repetition of it from a new message
    Column("sender", String(64), nullable=True),  # null: the server
    Column("name", String(64), nullable=False),
    Column("recipient", String(64), nullable=True),  # null: everybody
    Column("text", Text, nullable=False),
    Column("time", Float, nullable=False, index=True),  # seconds since 1970
    Column("change", BigInteger, nullable=False, server_default="0"),  # 0: as it was said
    Column("edited", Float, nullable=True),  # seconds since 1970
    Column("deleted", Boolean, nullable=False, server_default=false()),
    Column("reactions", JSON(none_as_null=True), nullable=True),  # [[reaction, [identity, …]], …]; null: none
    UniqueConstraint("room", "key"),
    Index(None, "room", "number"),
    Index(None, "room", "change"),
)

chat_cleared = Table(
    "chat_cleared",
    metadata,
    Column("room", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False, index=True),  # all up to it was deleted at once
)

chat_read = Table(
    "chat_read",
    metadata,
    Column("room", String(64), primary_key=True),
    Column("identity", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False, index=True),  # up to which this person has read
)

document = Table(
    "document",
    metadata,
    Column("room", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("snapshot", LargeBinary, nullable=False),  # empty: there are only updates yet
    Column("changed", Float, nullable=False, index=True),  # seconds since 1970
)

document_update = Table(
    "document_update",
    metadata,
    # Given by the database; of SQLite's types only INTEGER counts up by itself.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("room", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index(None, "room", "name", "number"),
)

images = Table(
    "images",
    metadata,
    Column("room", String(64), primary_key=True),
    Column("saved", Float, nullable=False),  # seconds since 1970
    Column("image", LargeBinary, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("id", String(64), primary_key=True),
    Column(
        "upload", String(64), nullable=True, unique=True
    ),  # what its uploader knows it by; null: it came another way
    Column("room", String(64), nullable=False),
    Column("owner", String(64), nullable=False),  # who began the upload
    Column("sender", String(64), nullable=True),  # null: the server
    Column("sender_name", String(64), nullable=False),
    Column("recipient", String(64), nullable=True),  # null: everybody
    Column("name", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes, when it is whole
    Column("type", String(128), nullable=False),  # empty: not looked at yet, as sha256 is
    Column("sha256", String(64), nullable=False),
    Column("preview_width", Integer, nullable=False),  # 0: there is no preview
    Column("preview_height", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # uploading, kept, gone (its bytes are being deleted)
    Column(
        "time", Float, nullable=False, index=True
    ),  # when it was kept, or something of it came last; seconds since 1970
    Column("number", BigInteger, nullable=False),  # 0 until it is kept
    Index(None, "room", "number"),
)
