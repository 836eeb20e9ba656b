"""What a log does not tell."""

import subprocess
import sys

import pytest

FAILS = """
import structlog
from tertulia.cli import logs

logs.configure({form!r})

def join(token):
    raise RuntimeError("a fault")

try:
    join("-".join(["hush", "hush"]))
except RuntimeError:
    structlog.get_logger().exception("connection failed")
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_fault_is_logged_without_what_the_variables_held(form: str) -> None:
    done = subprocess.run([sys.executable, "-c", FAILS.format(form=form)], capture_output=True, text=True, check=True)
    assert "connection failed" in done.stderr
    assert "RuntimeError: a fault" in done.stderr
    assert "hush-hush" not in done.stderr
