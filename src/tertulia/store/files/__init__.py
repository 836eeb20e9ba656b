"""Files: rows in the database, bytes in a folder or a bucket, uploads in a folder of their own until they are whole."""

from tertulia.store.files.blobs import Blobs, Folder
from tertulia.store.files.bucket import Bucket
from tertulia.store.files.kinds import HEAD, is_active
from tertulia.store.files.model import FilePage, Limits, Sender, Upload
from tertulia.store.files.previews import PREVIEW_TYPE
from tertulia.store.files.staging import Part
from tertulia.store.files.store import FileStore
from tertulia.store.files.turns import Turn

__all__ = [
    "HEAD", "PREVIEW_TYPE", "Blobs", "Bucket", "FilePage", "FileStore", "Folder", "Limits", "Part", "Sender", "Turn", "Upload", "is_active",
]  # fmt: skip
