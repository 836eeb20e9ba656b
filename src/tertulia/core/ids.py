"""Ids with types of their own. The caller makes them: the core has no random source."""

from typing import NewType

ParticipantId = NewType("ParticipantId", str)
"""A person's identity, unique in a room."""

PublicationId = NewType("PublicationId", str)
"""A published track, unique in a room for as long as the room lives."""
