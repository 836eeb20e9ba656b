"""`/api/v1`: what operators and other programs ask of a server."""

from tertulia.doors.api.access import Access
from tertulia.doors.api.chat import ChatEndpoint
from tertulia.doors.api.door import Api
from tertulia.doors.api.files import FilesEndpoint
from tertulia.doors.api.hooks import HooksEndpoint
from tertulia.doors.api.ice_servers import IceServersEndpoint

__all__ = ["Access", "Api", "ChatEndpoint", "FilesEndpoint", "HooksEndpoint", "IceServersEndpoint"]
