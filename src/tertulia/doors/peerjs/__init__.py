"""The PeerJS server protocol, on `/peerjs`. See docs/reference/peerjs.md."""

from tertulia.doors.peerjs.door import PeerDoor

__all__ = ["PeerDoor"]
