"""The native protocol, `tertulia.v1`, on `/ws`."""

from tertulia.doors.native.door import NativeDoor, Options

__all__ = ["NativeDoor", "Options"]
