"""WHIP (RFC 9725) on `/whip/{room}` and WHEP on `/whep/{room}`: sending and receiving by plain HTTP."""

from tertulia.doors.whip.door import Options, WhipDoor

__all__ = ["Options", "WhipDoor"]
