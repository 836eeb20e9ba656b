"""What the guides and references say is there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

import tertulia
from tertulia import Grant, JoinRequest, Participant, Publication, Room, Tertulia
from tertulia.runtime.event_source import EVENT_NAMES

from .conftest import ROOT

# The reference of the SDK is generated, with anchors of its own.
WRITTEN = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "sdk" not in page.parts]
PAGES = [*WRITTEN, ROOT / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)", page.read_text(encoding="utf-8")):
        file = page if not target else (page.parent / target).resolve()
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
            assert anchor[1:] in slugs, f"{target}{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_in_the_pages_is_python(page: Path) -> None:
    for code in re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        # What stands inside of an async function of the reader's.
        compile("async def snippet():\n" + textwrap.indent(code, "    "), page.name, "exec")


def test_the_python_reference_names_all_there_is() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    words = set(re.findall(r"\w+", page))
    wanted = set(tertulia.__all__) | set(EVENT_NAMES)
    for view in (Tertulia, Room, Participant, Publication, JoinRequest, Grant):
        wanted |= {name for name in dir(view) if not name.startswith("_")}
    assert wanted - words == set()
