"""Which policy holds for a post, and which ones no post can ever reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.judgement import Band, Severity, Verdict
from monitor.domain.policy import Match, Subject
from monitor.domain.policy_reach import unreachable
from monitor.domain.post import Author, Post, PostKey
from tests.domain.histories import NOON

BRANDS = ("acme", "zeta")
POST = Subject(brand="acme", network="x", severity=Severity.NORMAL)


@pytest.mark.parametrize(
    ("match", "why"),
    [
        (Match(), ""),
        (Match(brands=("zeta",)), "the brand is acme"),
        (Match(networks=("reddit",)), "the network is x"),
        (Match(severities=(Severity.HIGH,)), "the severity is normal"),
        (Match(topics=("refund",)), "it has no topic"),
        (Match(languages=("ro",)), "the language is not known"),
        (Match(followers=10), "nobody knows how many follow the author"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_rule_says_what_it_is_not_for(match: Match, why: str) -> None:
    assert ", ".join(one.phrase.format(value=one.value) for one in match.against(POST)) == why
    assert match.fits(POST) is (why == "")


def test_a_subject_is_taken_from_the_post() -> None:
    post = Post(
        key=PostKey("x", "1"),
        thread="1",
        text="hm",
        lang="ro-RO",
        author=Author(followers=5000),
        posted_at=NOON,
    )
    told = Verdict(Band.ALERT, Severity.HIGH, ("refund",), "", asks=True)
    one = Subject.of("acme", post, told)
    assert Match(languages=("ro",), followers=5000, topics=("refund", "late")).fits(one)
    assert not Match(languages=("ro",)).fits(Subject.of("acme", post, told, "en"))
    assert not Match(followers=5001).fits(one)


@pytest.mark.parametrize(
    ("matches", "found"),
    [
        ([Match(), Match(networks=("x",))], [(1, (0,))]),
        ([Match(networks=("x",)), Match()], []),
        ([Match(topics=("refund", "late")), Match(topics=("late",))], [(1, (0,))]),
        ([Match(topics=("refund",)), Match(topics=("refund", "late"))], []),
        ([Match(brands=BRANDS), Match(languages=("ro",))], [(1, (0,))]),
        ([Match(followers=100), Match(followers=1000)], [(1, (0,))]),
        ([Match(followers=1000), Match(followers=100)], []),
        ([Match(severities=tuple(Severity)), Match(networks=("x",))], [(1, (0,))]),
        ([Match(networks=("x", "reddit")), Match()], []),
        (
            [Match(severities=tuple(Severity)[:2]), Match(severities=tuple(Severity)[2:]), Match()],
            [(2, (0, 1))],
        ),
    ],
)
def test_a_rule_that_no_post_can_reach_is_found_with_those_that_take_its_posts(
    matches: list[Match], found: list[tuple[int, tuple[int, ...]]]
) -> None:
    assert list(unreachable(matches, BRANDS)) == found


def _some(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), unique=True).map(tuple)


MATCHES = st.builds(
    Match,
    brands=_some(*BRANDS),
    networks=_some("x", "reddit"),
    severities=st.lists(st.sampled_from(Severity), unique=True).map(tuple),
    topics=_some("refund", "late"),
    languages=_some("en", "ro"),
    followers=st.sampled_from([0, 100, 1000]),
)
SUBJECTS = st.builds(
    Subject,
    brand=st.sampled_from(BRANDS),
    network=st.sampled_from(["x", "reddit", "forum"]),
    severity=st.sampled_from(Severity),
    topics=_some("refund", "late", "price"),
    language=st.sampled_from(["en", "ro", "de", None]),
    followers=st.sampled_from([None, 0, 99, 100, 5000]),
)


@given(st.lists(MATCHES, max_size=4), st.lists(SUBJECTS, max_size=30))
def test_what_is_called_unreachable_is_never_reached(
    matches: list[Match], subjects: list[Subject]
) -> None:
    in_vain = {number for number, _ in unreachable(matches, BRANDS)}
    for subject in subjects:
        first = next((place for place, one in enumerate(matches) if one.fits(subject)), None)
        assert first not in in_vain
