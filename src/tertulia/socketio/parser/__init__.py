"""Packets of Socket.IO 5, https://github.com/socketio/socket.io-protocol. Pure."""

from tertulia.socketio.parser.decoder import Decoder
from tertulia.socketio.parser.encoder import encode
from tertulia.socketio.parser.packet import RESERVED, BadPacket, Kind, Packet

__all__ = ["RESERVED", "BadPacket", "Decoder", "Kind", "Packet", "encode"]
