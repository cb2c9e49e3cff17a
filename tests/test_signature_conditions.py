"""Conditions of signatures: each holds, fails, or is unknown, and never guesses."""

from dataclasses import replace

import pytest

from analysis.signatures.conditions import CONDITIONS, round_duration_s
from analysis.signatures.facts import (
    FailingGroup,
    FlagVariant,
    PeerCalls,
    SignatureFacts,
    merged,
)
from analysis.signatures.situation import Situation
from analysis.verdict.thresholds import Thresholds

GROUP = FailingGroup(candidate_count=20)
FACTS = SignatureFacts(candidate_requests=100)
COMPARED = replace(FACTS, old_version_requests=100, before_requests=100)
TWO = replace(FACTS, endpoints=2, instances=2)
STEADY = replace(FACTS, minute_requests=(10,) * 8)
CALLED = PeerCalls(peer="stock", candidate_calls_per_request=9.0, baseline_calls_per_request=3.0)
RESENT = PeerCalls(peer="stock", candidate_resent_share=0.4, baseline_resent_share=0.1)
FLAG = FlagVariant(key="fast", variant="on", risk_ratio=5.0, failures=9)

# condition, the same with facts where it holds, with facts where it does not
TABLE = [
    ("all_endpoints", (TWO, {"endpoints": "ab"}), (TWO, {"endpoints": "a"})),
    ("all_instances", (TWO, {"instances": "ab"}), (TWO, {"instances": "a"})),
    ("some_instances_only", (TWO, {"instances": "a"}), (TWO, {"instances": "ab"})),
    (
        "from_first_minute",
        (FACTS, {"minute_counts": (0, 1)}),
        (FACTS, {"minute_counts": (0, 0, 1)}),
    ),
    (
        "minutes_later",
        (FACTS, {"minute_counts": (0, 0, 0, 1)}),
        (FACTS, {"minute_counts": (0, 0, 1)}),
    ),
    ("old_version_too", (COMPARED, {"old_version_count": 7}), (COMPARED, {"old_version_count": 6})),
    ("new_only", (COMPARED, {"old_version_count": 2}), (COMPARED, {"before_count": 3})),
    ("most_requests", (FACTS, {"endpoint_requests": 22}), (FACTS, {"endpoint_requests": 23})),
    ("partial", (FACTS, {"endpoint_requests": 41}), (FACTS, {"endpoint_requests": 40})),
    (
        "grows",
        (STEADY, {"minute_counts": (1, 1, 1, 1, 2, 2, 2, 2)}),
        (STEADY, {"minute_counts": (2,) * 8}),
    ),
    (
        "fades",
        (STEADY, {"minute_counts": (2, 2, 2, 2, 1, 1, 1, 1)}),
        (STEADY, {"minute_counts": (2,) * 8}),
    ),
    (
        "client_span_origin",
        (FACTS, {"origin_kind": "PRODUCER"}),
        (FACTS, {"origin_kind": "SERVER"}),
    ),
    (
        "third_party_peer",
        (FACTS, {"peer": "a", "peer_is_ours": False}),
        (FACTS, {"peer": "a", "peer_is_ours": True}),
    ),
    ("after_cache_hit", (FACTS, {"cache_hit_count": 10}), (FACTS, {"cache_hit_count": 9})),
    ("library_frame", (FACTS, {"top_frame_in_app": False}), (FACTS, {"top_frame_in_app": True})),
    (
        "round_duration",
        (FACTS, {"durations_ms": (5001, 5040, 5300, 90)}),
        (FACTS, {"durations_ms": (5001, 5040, 90, 80)}),
    ),
    ("rollout_window_only", (FACTS, {"warm_up_count": 18}), (FACTS, {"warm_up_count": 17})),
    (
        "few_requests",
        (replace(FACTS, expected_requests=201.0), {}),
        (replace(FACTS, expected_requests=200.0), {}),
    ),
    (
        "no_server_spans",
        (replace(FACTS, unanswered_calls=5), {}),
        (replace(FACTS, unanswered_calls=4), {}),
    ),
    (
        "short_lived_instances",
        (replace(FACTS, short_lived_instances=2), {}),
        (replace(FACTS, short_lived_instances=1), {}),
    ),
    ("fatal_logs", (replace(FACTS, fatal_logs=1), {}), (replace(FACTS, fatal_logs=0), {})),
    ("timeouts_follow", (replace(FACTS, timeouts=3), {}), (replace(FACTS, timeouts=2), {})),
    (
        "calls_ratio",
        (replace(FACTS, calls=(CALLED,)), {}),
        (replace(FACTS, calls=(replace(CALLED, candidate_calls_per_request=7.9),)), {}),
    ),
    (
        "retries",
        (replace(FACTS, calls=(RESENT,)), {}),
        (replace(FACTS, calls=(replace(RESENT, baseline_resent_share=0.21),)), {}),
    ),
    (
        "flag_attribute",
        (replace(FACTS, flags=(FLAG,)), {}),
        (replace(FACTS, flags=(replace(FLAG, failures=2),)), {}),
    ),
]


def situation(facts: SignatureFacts, known: dict[str, object]) -> Situation:
    """Twenty failures of a hundred requests, with what is known of them."""
    values = {
        name: frozenset(str(value)) if name in ("endpoints", "instances") else value
        for name, value in known.items()
    }
    return Situation(facts, replace(GROUP, **values), Thresholds())  # type: ignore[arg-type]  # the table holds fields of several types


@pytest.mark.parametrize(("name", "holds", "fails"), TABLE, ids=[row[0] for row in TABLE])
def test_holds_or_fails(
    name: str,
    holds: tuple[SignatureFacts, dict[str, object]],
    fails: tuple[SignatureFacts, dict[str, object]],
) -> None:
    """Each condition holds on one side of its limit and fails on the other."""
    assert CONDITIONS[name](situation(*holds)) is True
    assert CONDITIONS[name](situation(*fails)) is False


def test_unknown_is_neither() -> None:
    """Without facts every condition about them is unknown; the two about counts alone are not."""
    seen = situation(FACTS, {})
    known = {name: value for name, test in CONDITIONS.items() if (value := test(seen)) is not None}
    assert known == {"small_share": False, "named": False}


def test_every_condition_is_tested() -> None:
    """The table holds every condition but those about a count or a name alone."""
    assert set(CONDITIONS) - {row[0] for row in TABLE} == {"small_share", "named", "one_peer"}


def test_old_version_that_always_failed() -> None:
    """An old version that failed as often before says nothing about a migration."""
    always = situation(COMPARED, {"old_version_count": 20, "before_count": 20})
    assert CONDITIONS["old_version_too"](always) is False
    assert CONDITIONS["new_only"](always) is False


@pytest.mark.parametrize(
    ("durations", "seconds"),
    [
        ((1000.0, 1004.0, 1079.0), 1),
        ((30_000.0, 30_001.0, 30_900.0, 17.0), 30),
        ((100_010.0,) * 3, 100),
        ((700.0, 1_700.0, 3_300.0), None),
        ((5000.0, 5000.0), None),
        ((), None),
    ],
)
def test_round_durations(durations: tuple[float, ...], seconds: float | None) -> None:
    """Durations pile up at a limit when most lie at or a little above a round number."""
    assert round_duration_s(durations) == seconds


def test_merging_keeps_what_all_know() -> None:
    """Counts add up and sets unite; what one group does not know, the whole does not know."""
    one = FailingGroup(
        message="a",
        candidate_count=3,
        minute_counts=(1, 2),
        endpoints=frozenset("a"),
        endpoint_requests=10,
        warm_up_count=1,
        peer="stock",
        origin_kind="CLIENT",
    )
    other = FailingGroup(
        message="b",
        candidate_count=4,
        minute_counts=(0, 1, 3),
        endpoints=frozenset("b"),
        endpoint_requests=30,
        peer="cart",
        origin_kind="CLIENT",
    )
    both = merged((one, other))
    assert (both.message, both.candidate_count, both.minute_counts) == ("a", 7, (1, 3, 3))
    assert (both.endpoints, both.endpoint_requests) == (frozenset("ab"), 40)
    assert (both.warm_up_count, both.peer, both.origin_kind) == (None, None, "CLIENT")
    shared = merged((one, replace(other, endpoints=frozenset("ab"))))
    assert shared.endpoint_requests == 30
    assert merged(()) == FailingGroup()
