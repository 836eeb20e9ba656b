"""How good a connection, a voice and a picture are, from 1 to 5: what people would say of it, by what was measured.

Scores are those of mean opinions (ITU-T P.800.1): 5 excellent, 4 good, 3 fair, 2 poor, 1 bad. Nothing measured is above 4.5, for people
give no more to what they hear by telephone.
"""

import math
from typing import Final, Literal

Word = Literal["excellent", "good", "poor", "lost"]
"""What somebody's connection is said to be; lost: his signalling is."""

BEST: Final = 4.5
WORST: Final = 1.0

# ITU-T G.107 with its default values: R without delay and losses.
_RATING: Final = 93.2
# ITU-T G.113 appendix I, G.711 with concealment, losses at random. There are none for Opus, which conceals no worse.
_LOSS_ROBUSTNESS: Final = 25.1
# Below it delay is hardly noticed (ITU-T G.114), above it people begin to talk over each other.
_DELAY_NOTICED: Final = 0.1773
# A frame, the encoder's look-ahead, and the player's buffer where nothing varies, in seconds.
_DELAY_LEAST: Final = 0.05
# A player waits for so many times the jitter.
_BUFFER: Final = 2.0

# ITU-T G.109: with R of 80 people are satisfied, with 70 some are not, with 60 many are not, and what is below it is called poor.
_WORDS: Final[tuple[tuple[float, Word], ...]] = ((4.03, "excellent"), (3.10, "good"))
# So much above a border a word gets better: a score that stays close to one would be news at each look.
_BETTER_BY: Final = 0.2
_BELOW: Final[dict[Word, tuple[Word, ...]]] = {"excellent": ("good", "poor"), "good": ("poor",)}

# Our own: a picture that stands still for a tenth of the time is fair to poor, one that is a quarter of what it should be is good to fair,
# and so is one with half of its frames. Lost packets of pictures mostly come again; where the receiver does not tell what came of them,
# they count for half of what they would if it stood still meanwhile.
_FREEZE: Final = 8.0
_LOSS: Final = 4.0
_SMALLER: Final = 0.15
_SLOWER: Final = 0.2


def voice(*, loss: float, round_trip: float = 0.0, jitter: float = 0.0) -> float:
    """A voice that comes with so much lost, or, where the receiver tells, so much of it made up. `round_trip`: of both ends together, in
    seconds like `jitter`.

    ITU-T G.107 (E-model) as far as packets matter: R = 93.2 - Id - Ie,eff, and its annex B for the score.
    """
    delay = round_trip / 2 + _BUFFER * jitter + _DELAY_LEAST
    # R. Cole, J. Rosenbluth, "Voice over IP performance monitoring" (2001): Id without echo, in milliseconds.
    impairment = 24.0 * delay + (110.0 * (delay - _DELAY_NOTICED) if delay > _DELAY_NOTICED else 0.0)
    percent = 100.0 * min(max(loss, 0.0), 1.0)
    impairment += 95.0 * percent / (percent + _LOSS_ROBUSTNESS)
    rating = _RATING - impairment
    if rating <= 0:
        return WORST
    return max(WORST, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)


def picture(*, loss: float = 0.0, frozen: float | None = None, pixels: float = 1.0, frames: float = 1.0) -> float:
    """A picture that stands still for this share of the time (None: nobody tells, and `loss` counts), and has these shares of the pixels
    and of the frames that it should have."""
    still = _LOSS * max(loss, 0.0) if frozen is None else _FREEZE * max(frozen, 0.0)
    smaller = _SMALLER * math.log2(1 / min(max(pixels, 1e-4), 1.0))
    slower = _SLOWER * math.log2(1 / min(max(frames, 1e-4), 1.0))
    return WORST + (BEST - WORST) * math.exp(-still) * max(0.0, 1 - smaller) * max(0.0, 1 - slower)


def word(score: float, before: Word | None = None) -> Word:
    """Never lost: that is for one whose signalling is. `before`: what was said last, if anything."""
    for least, better in _WORDS:
        risen = before in _BELOW[better]
        if score >= least + (_BETTER_BY if risen else 0.0):
            return better
    return "poor"
