"""What `make test` leaves to `make thorough`: further cases of what another test shows in a browser already."""

from typing import Any

import pytest


def thorough(*values: Any, **options: Any) -> Any:
    """One set of parameters that only `make thorough` tries."""
    return pytest.param(*values, marks=pytest.mark.thorough, **options)
