"""Where what a page says goes: to the other page, or to the server. Shared by the doors of pages that bring their own signalling."""

from tertulia.doors.page_call.call import PageCall
from tertulia.doors.page_call.driver import Driver
from tertulia.doors.page_call.output import Ask, Output, Problem, Tell
from tertulia.doors.page_call.server_road import ServerRoad

__all__ = ["Ask", "Driver", "Output", "PageCall", "Problem", "ServerRoad", "Tell"]
