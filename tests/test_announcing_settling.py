"""Which changes of a verdict are announced: pure rules, look by look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analysis.announcing.event import Event, Identity, Mark, trial_event
from analysis.announcing.history import History
from analysis.announcing.settling import BEGAN_MAX, Seen, Settling
from analysis.announcing.targets import DEPLOYMENT, VERDICT
from analysis.verdict.check import (
    Check,
    FailureRate,
    Impact,
    Kinds,
    Needed,
    Onset,
    Verdict,
)
from receiver.storage.announcements import Announced

BEGAN = datetime(2026, 1, 2, 11, tzinfo=UTC)
SHOP = Identity("acme", "shop", "1.4.0", "prod", None)
WORDS = {
    "r": Verdict.ROLL_BACK,
    "h": Verdict.HEALTHY,
    "w": Verdict.HOLD,
    "n": Verdict.NOT_ENOUGH_DATA,
    "f": Verdict.FIX_FORWARD,
}


def seen(verdict: Verdict, identity: Identity = SHOP, **changes: object) -> Seen:
    """A look at a deployment that began at 11:00."""
    deployment = replace(trial_event(BEGAN, "").deployment, service=identity.service)
    check = Check(
        generated_at="",
        deployment=deployment,
        baseline=None,
        window=None,
        verdict=verdict,
        reasons=("because",),
        failure_rate=FailureRate(None, None, None, None, None, None, 0.01),
        onset=Onset(None, None, None, None),
        findings=(),
        origins=(),
        impact=Impact(0, 0, 0, 0, None),
        exceptions=(),
        signatures=(),
        suspects=(),
        owners=(),
        ruled_out=(),
        needed=Needed(None, None),
        caveats=(),
        kinds=Kinds(),
        thresholds=(),
    )
    one = Seen(identity, check, None, "2026-01-02T11:00:00Z", BEGAN, first_of_service=False)
    return replace(one, **changes)  # type: ignore[arg-type]  # fields by name


def told(event: Event, announced_as: str | None = None) -> Announced:
    """The event as the store remembers it."""
    row = event.row((), 0, announced_as)
    return Announced(*(getattr(row, name) for name in Announced.__slots__))


def announced(looks: str) -> list[str]:
    """The verdicts that are announced in a row of looks, by their letters."""
    settling, history, said = Settling(), History(()), []
    for letter in looks:
        found = settling.found(seen(WORDS[letter]), history, BEGAN + timedelta(hours=2))
        for event in found.events:
            history.add(told(event))
            said.append(event)
    assert all(event.type == VERDICT for event in said)
    assert len({event.id for event in said}) == len(said)
    before = [None, *(event.verdict for event in said)]
    assert [event.previous_verdict for event in said] == before[:-1]
    letters = {verdict: letter for letter, verdict in WORDS.items()}
    return [letters[event.verdict] for event in said if event.verdict]


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ("nnnn", ""),
        ("nhhh", "h"),
        ("nr", "r"),
        ("nhnhnhnh", ""),
        ("hhwhwhw", "h"),
        ("hhrhrhr", "hr"),
        ("rhh", "rh"),
        ("rhhr", "rhr"),
        ("rhhrhhr", "rhrhr"),
        ("hhwfwf", "h"),
        ("hhnn", "hn"),
    ],
)
def test_a_verdict_must_hold_for_two_looks(looks: str, said: str) -> None:
    """A verdict is announced when it holds for two looks, roll_back at once, none that only
    flaps; `not_enough_data` is where every deployment begins."""
    assert announced(looks) == list(said)


def test_looks_may_be_rounds_apart() -> None:
    """A deployment for which a round had no time keeps the look of an earlier one; what nobody
    looked at for an hour begins anew."""
    settling, history = Settling(), History(())
    look, minute = seen(Verdict.FIX_FORWARD), timedelta(minutes=1)
    assert settling.found(look, history, BEGAN + 70 * minute).events == ()
    settling.forget_old(BEGAN + 71 * minute)
    [told_now] = settling.found(look, history, BEGAN + 72 * minute).events
    assert told_now.verdict is Verdict.FIX_FORWARD
    assert settling.found(look, history, BEGAN + 73 * minute).events == ()
    settling.forget_old(BEGAN + 140 * minute)
    assert settling.found(look, history, BEGAN + 141 * minute).events == ()


def test_the_beginning_is_told_once() -> None:
    """A deployment is announced with its first look and not with later ones."""
    settling, history = Settling(), History(())
    first = settling.found(seen(Verdict.NOT_ENOUGH_DATA), history, BEGAN)
    assert [event.type for event in first.events] == [DEPLOYMENT]
    history.add(told(first.events[0]))
    assert settling.found(seen(Verdict.NOT_ENOUGH_DATA), history, BEGAN).events == ()


@pytest.mark.parametrize(
    ("changes", "news"),
    [
        ({}, True),
        ({"began": BEGAN - BEGAN_MAX - timedelta(seconds=1)}, False),
        ({"first_of_service": True}, False),
        ({"first_of_service": True, "mark": Mark("2026-01-02T11:00:00Z", None, False)}, True),
    ],
)
def test_what_is_news(changes: dict[str, object], news: bool) -> None:
    """A beginning is told within the hour; the first version of a service only if it was marked."""
    look = seen(Verdict.NOT_ENOUGH_DATA, SHOP, **changes)
    found = Settling().found(look, History(()), BEGAN)
    assert bool(found.events) is news


def test_a_mark_stands_for_one_deployment() -> None:
    """What a mark announced without its environment is not announced again by the first traffic;
    the traffic of another environment is another deployment."""
    mark = Identity(None, "shop", "1.4.0", None, None)
    settling, history = Settling(), History(())
    [marked] = settling.found(seen(Verdict.NOT_ENOUGH_DATA, mark), history, BEGAN).events
    history.add(told(marked))
    prod = settling.found(seen(Verdict.NOT_ENOUGH_DATA), history, BEGAN)
    assert prod.announced_as == marked.id
    history.add(told(prod.events[0], marked.id))
    staging = replace(SHOP, environment="staging")
    other = settling.found(seen(Verdict.NOT_ENOUGH_DATA, staging), history, BEGAN)
    assert other.announced_as is None
    assert [event.type for event in other.events] == [DEPLOYMENT]
    assert other.events[0].deployment_key != marked.deployment_key
    [verdict] = settling.found(seen(Verdict.ROLL_BACK), history, BEGAN).events
    assert verdict.deployment_key == marked.deployment_key


def test_ids_are_found_again() -> None:
    """The same change has the same id in another process, another change another one."""
    both = [
        Settling().found(seen(Verdict.ROLL_BACK), History(()), BEGAN + timedelta(seconds=s)).events
        for s in (0, 60)
    ]
    assert [one.id for one in both[0]] == [one.id for one in both[1]]
    assert len({one.id for one in both[0]}) == 2
    assert all("." not in one.id for one in both[0])


def test_the_document_is_whole() -> None:
    """Every field is present, null when unknown, and long texts are cut."""
    [_began, verdict] = Settling().found(seen(Verdict.ROLL_BACK), History(()), BEGAN).events
    long = replace(verdict, reasons=("x" * 10_000,) * 50)
    document = long.document()
    assert list(document)[:4] == ["schema_version", "id", "type", "time"]
    assert document["schema_version"] == 1
    assert document["mark"] is None
    assert len(document["reasons"]) == 10
    assert {len(text) for text in document["reasons"]} == {500}
