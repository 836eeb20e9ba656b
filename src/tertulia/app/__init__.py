"""The one place that builds Tertulia's objects and wires them to each other."""

from tertulia.app.opening import open_media, with_turn_secret
from tertulia.app.tertulia import Tertulia

__all__ = ["Tertulia", "open_media", "with_turn_secret"]
