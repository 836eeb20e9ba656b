"""Bare JSON descriptions, candidates and call requests, on `/signaling`. See docs/reference/signaling.md."""

from tertulia.doors.signaling.door import SignalingDoor, SignalingOptions

__all__ = ["SignalingDoor", "SignalingOptions"]
