"""When to try again."""

import random


class Backoff:
    """Growing pauses with jitter, so that a thousand clients of one server don't come back in step."""

    def __init__(self, first: float = 0.3, most: float = 5.0) -> None:
        """Both in seconds."""
        self._first = first
        self._most = most
        self._attempts = 0

    def next(self) -> float:
        """Seconds until the next attempt: between half of the step and all of it."""
        step = min(self._most, self._first * 2.0 ** min(self._attempts, 16))
        self._attempts += 1
        return step * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """After something went well."""
        self._attempts = 0
