"""Previews of pictures: decoded and encoded anew, elsewhere."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Final

import structlog

from tertulia.core.files import Picture

log = structlog.get_logger(__name__)

TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
PREVIEW_TYPE: Final = "image/webp"
LONGEST: Final = 640
"""Pixels of the longer side."""
WITHIN: Final = 20.0
"""Seconds."""
AT_ONCE: Final = 2
_CHILD: Final = Path(__file__).with_name("preview_child.py")
_ENVIRONMENT: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG")


class Previews:
    """Makes them, a few at a time."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def make(self, picture: Path, preview: Path) -> Picture | None:
        """Writes the preview of a picture; None: there is none, and no file is left."""
        async with self._places:
            size = await self._run(picture, preview)
        if size is None:
            await asyncio.to_thread(preview.unlink, missing_ok=True)
        return size

    async def _run(self, picture: Path, preview: Path) -> Picture | None:
        try:
            process = await asyncio.create_subprocess_exec(
                # -P: the folder of the script is no place to import from; its neighbours have names of their own.
                *(sys.executable, "-P", str(_CHILD), str(picture), str(preview), str(LONGEST)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )
        except OSError as error:
            log.warning("no previews: a process cannot be started", error=str(error))
            return None
        try:
            async with asyncio.timeout(WITHIN):
                told, complaint = await process.communicate()
        except TimeoutError:
            log.info("a picture took too long for a preview")
            return None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0:
            log.info("a picture has no preview", reason=complaint.decode(errors="replace").strip()[-200:])
            return None
        width, height = map(int, told.split())
        return Picture(width, height)
