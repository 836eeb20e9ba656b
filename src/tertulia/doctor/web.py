"""Is anybody there, and what time is it there?"""

import datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Final

from tertulia.doctor.finding import Finding
from tertulia.doctor.site import Site
from tertulia.media.http import Answer

OFF_BY: Final = 10.0
"""Seconds: the leeway of tokens."""
WRONG_BY: Final = 300.0
RESOLUTION: Final = 2.0
"""Seconds that a Date header may be behind without being wrong: it has whole ones, and servers keep it for one."""


async def check(site: Site) -> list[Finding]:
    """The first finding is about HTTP; the clock's comes where there was an answer."""
    started = monotonic()
    try:
        alive = await site.get("/healthz")
        ready = await site.get("/readyz")
    except TimeoutError:
        return [Finding("http_unreachable", f"{site.authority} does not answer within {site.within:g} s", site.url)]
    except OSError as error:
        return [Finding("http_unreachable", f"{site.authority}: {error.strerror or error}", site.url)]
    took = (monotonic() - started) / 2
    if alive.status != 200 or alive.body.strip() != b"ok":
        return [Finding("http_not_tertulia", f"/healthz answers {alive.status}, and not as Tertulia does", site.url)]
    if ready.status != 200:
        health = Finding("http_stopping", f"/readyz answers {ready.status}", site.url)
    else:
        health = Finding("http_ok", f"healthy, answers in {took * 1000:.0f} ms", site.url)
    return [health, clock(ready, datetime.datetime.now(datetime.UTC))]


def clock(answer: Answer, now: datetime.datetime) -> Finding:
    """By an answer that has just come."""
    text = answer.headers.get("date", "")
    try:
        there = parsedate_to_datetime(text)
    except ValueError:
        return Finding("clock_unknown", "no Date in the answer")
    if there.tzinfo is None:
        there = there.replace(tzinfo=datetime.UTC)
    behind = (now - there).total_seconds()
    off = max(0.0, abs(behind) - RESOLUTION)
    if off <= OFF_BY:
        return Finding("clock_ok", "as here")
    words = f"{abs(behind):.0f} s {'behind' if behind > 0 else 'ahead of'} this machine's"
    return Finding("clock_wrong" if off > WRONG_BY else "clock_off", words)
