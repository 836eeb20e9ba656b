"""What `make test` leaves to `make thorough`: in browsers, further cases and what fewer people do."""

from typing import Any

import pytest


def thorough(*values: Any, **options: Any) -> Any:
    """One set of parameters that only `make thorough` tries."""
    return pytest.param(*values, marks=pytest.mark.thorough, **options)
