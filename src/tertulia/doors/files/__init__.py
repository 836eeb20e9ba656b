"""Files over HTTP: uploads by tus 1.0.0, downloads by signed links."""

from tertulia.doors.files.door import FilesDoor, Options

__all__ = ["FilesDoor", "Options"]
