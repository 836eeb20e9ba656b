"""The native protocol, `tertulia.v1`, on `/ws`."""

from tertulia.doors.native.door import NativeDoor, Options
from tertulia.doors.native.files import FileRequests
from tertulia.doors.native.restart import Restart

__all__ = ["FileRequests", "NativeDoor", "Options", "Restart"]
