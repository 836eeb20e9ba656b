"""Topics of the server: their names, and who may do what on them."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, get_args

Reader = Literal["everyone", "token"]
"""`everyone` in whatever room, or who has it in the claim `topics` of his token."""
Writer = Literal["server", "token", "everyone"]
"""`server`: its own code and its API alone, and who has it in his token. The others as with `Reader`."""

NAME_LENGTH: Final = 64
RATE: Final = 50.0
"""Values a second that one publisher may send, where nothing else is said."""
MOST_RATE: Final = 10_000.0

_SEGMENT = r"/[A-Za-z0-9_.:-]+"
_TOPIC = re.compile(rf"(?:{_SEGMENT})+")
_PATTERN = re.compile(rf"(?:{_SEGMENT})+(?:/\*)?|/\*")


def is_topic(text: str) -> bool:
    """Whether it names one topic of the server, such as `/quotes/AAPL`."""
    return len(text) <= NAME_LENGTH and _TOPIC.fullmatch(text) is not None


def is_pattern(text: str) -> bool:
    """Whether it names a topic, or all beneath a branch: `/quotes/*`."""
    return len(text) <= NAME_LENGTH and _PATTERN.fullmatch(text) is not None


def covers(pattern: str, other: str) -> bool:
    """Whether all that `other` names, a topic or a pattern, is named by `pattern`."""
    return pattern == other or (pattern.endswith("/*") and other.startswith(pattern[:-1]))


@dataclass(frozen=True, slots=True)
class TopicRule:
    """What is declared of the topics of a pattern. Raises ValueError where it makes no sense."""

    pattern: str
    subscribe: Reader = "everyone"
    publish: Writer = "server"
    retain: bool = False
    """The last value of each topic is kept, for those who come later."""
    rate: float = RATE
    """Values a second that one person may publish in the mean, with bursts of four seconds' worth. It does not bind the server."""

    def __post_init__(self) -> None:
        if not is_pattern(self.pattern):
            raise ValueError(f"{self.pattern!r} names no topics, as /quotes/AAPL or /quotes/* do")
        if self.subscribe not in get_args(Reader):
            raise ValueError(f"subscribe is one of {', '.join(get_args(Reader))}")
        if self.publish not in get_args(Writer):
            raise ValueError(f"publish is one of {', '.join(get_args(Writer))}")
        if not 0 < self.rate <= MOST_RATE:
            raise ValueError(f"rate is above 0, and at most {MOST_RATE:g}")

    @classmethod
    def parse(cls, text: str) -> "TopicRule":
        """From the form of settings: `/map/*;publish=everyone;retain;rate=20`. Raises ValueError."""
        pattern, *options = text.split(";")
        given: dict[str, str] = {}
        for option in options:
            name, separator, value = option.partition("=")
            if (
                name in given
                or name not in ("subscribe", "publish", "retain", "rate")
                or bool(separator) == (name == "retain")
            ):
                raise ValueError(f"{option!r} is none of: subscribe=…, publish=…, retain, rate=…")
            given[name] = value
        rule: dict[str, object] = {name: value for name, value in given.items() if name in ("subscribe", "publish")}
        return cls(pattern, **rule, retain="retain" in given, rate=float(given.get("rate", RATE)))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class TopicGrants:
    """What somebody may do besides what is declared for everyone: patterns."""

    subscribe: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()

    def may_subscribe(self, pattern: str) -> bool:
        return _covered(self.subscribe, pattern)

    def may_publish(self, topic: str) -> bool:
        return _covered(self.publish, topic)


NO_GRANTS: Final = TopicGrants()


def _covered(patterns: Collection[str], other: str) -> bool:
    return any(covers(pattern, other) for pattern in patterns)
