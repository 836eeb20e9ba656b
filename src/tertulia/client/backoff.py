"""When to try again."""

import random


class Backoff:
    """Growing pauses with full jitter, so that a thousand clients of one server come back spread out, and not in waves."""

    def __init__(self, first: float = 0.3, most: float = 5.0) -> None:
        """Both in seconds."""
        self._first = first
        self._most = most
        self._attempts = 0

    def next(self) -> float:
        """Seconds until the next attempt: any time up to the step."""
        step = min(self._most, self._first * 2.0 ** min(self._attempts, 16))
        self._attempts += 1
        return random.uniform(0.0, step)

    def reset(self) -> None:
        """After something went well."""
        self._attempts = 0
