"""The Autobahn test suite, but for what takes minutes; `make conformance` runs all of it."""

import pytest

from .autobahn import COMPRESSION, run

SIZES_AND_TIMES = ("9.*",)


@pytest.mark.parametrize("deflate", [False, True])
async def test_the_connection_core_keeps_to_rfc_6455(deflate: bool) -> None:
    outcome = await run(deflate=deflate, without=(*SIZES_AND_TIMES, *COMPRESSION))
    assert outcome.failed == ()
    assert outcome.verdicts.total() == 247


@pytest.mark.parametrize("case", ["9.1.6", "9.2.6", "9.4.1"])
async def test_messages_of_sixteen_mebibytes_come_back(case: str) -> None:
    """As one text frame, as one binary frame; and 4 MiB in 65,536 fragments."""
    assert (await run(deflate=False, cases=[case])).failed == ()


@pytest.mark.parametrize("case", ["12.1.1", "12.2.1", "13.3.1", "13.7.1"])
async def test_compressed_messages_come_back(case: str) -> None:
    outcome = await run(deflate=True, cases=[case])
    assert outcome.failed == ()
    assert outcome.verdicts["OK"] == 1, "not as if compression were not known"
