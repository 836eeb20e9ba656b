"""What outlives a room: rows in a database. It knows rows, not rooms; nothing above waits for it in a room's turn."""

from tertulia.store.chat import ChatLog, Page, Recalled
from tertulia.store.chat_batch import Kept
from tertulia.store.database import MEMORY, CannotOpen, Database
from tertulia.store.documents import DocumentLog
from tertulia.store.images import Images, SavedImage
from tertulia.store.retention import Retention

__all__ = [
    "MEMORY",
    "CannotOpen",
    "ChatLog",
    "Database",
    "DocumentLog",
    "Images",
    "Kept",
    "Page",
    "Recalled",
    "Retention",
    "SavedImage",
]
