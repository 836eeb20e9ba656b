"""Names of topics of the server, and what is declared of them."""

import pytest

from tertulia.topic_rule import TopicGrants, TopicRule, covers, is_pattern, is_topic


@pytest.mark.parametrize("text", ["/a", "/quotes/AAPL", "/a/b/c", "/A-z_0.9:x", "/" + "x" * 63])
def test_topics(text: str) -> None:
    assert is_topic(text)
    assert is_pattern(text)


@pytest.mark.parametrize("text", ["/*", "/quotes/*", "/a/b/*"])
def test_branches(text: str) -> None:
    assert is_pattern(text)
    assert not is_topic(text)


@pytest.mark.parametrize(
    "text", ["", "/", "a", "a/b", "//", "/a/", "/a//b", "/a*", "/*/a", "/a/**", "/a\n", "/ü", "/a b", "/" + "x" * 64]
)
def test_neither(text: str) -> None:
    assert not is_topic(text)
    assert not is_pattern(text)


def test_a_pattern_covers_what_lies_in_its_branch() -> None:
    for pattern, other, expected in (
        ("/a", "/a", True), ("/a", "/a/b", False), ("/a/*", "/a", False), ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/*", True), ("/a/*", "/a/*", True), ("/a/*", "/*", False), ("/*", "/a/*", True), ("/a/*", "/ab", False),
    ):  # fmt: skip
        assert covers(pattern, other) is expected, (pattern, other)
    assert TopicGrants(("/a/*",)).may_subscribe("/a/b/*")
    assert not TopicGrants(("/a/*",)).may_publish("/a/b")


def test_the_form_of_settings() -> None:
    assert TopicRule.parse("/q/*") == TopicRule("/q/*")
    assert TopicRule.parse("/map/*;publish=everyone;retain;rate=20;subscribe=token") == TopicRule(
        "/map/*", "token", "everyone", True, 20.0
    )


@pytest.mark.parametrize(
    "text",
    ["", "q", "/q;", "/q;retain=1", "/q;rate", "/q;rate=x", "/q;rate=0", "/q;rate=nan", "/q;rate=1e9", "/q;publish=all",
     "/q;subscribe=server", "/q;retain;retain", "/q;colour=red"],
)  # fmt: skip
def test_what_makes_no_sense(text: str) -> None:
    with pytest.raises(ValueError):
        TopicRule.parse(text)
