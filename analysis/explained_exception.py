"""Everything there is to say about why exceptions are one group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from analysis.asking import Asking
from analysis.deciding import Decided, decision_rows
from analysis.exception_group import ExceptionGroup, NamedException, same_place
from analysis.exit_code import CommandFailed
from analysis.rows import rows_from_arrow
from analysis.stored_grouping import stored_grouping
from receiver.fingerprints.explanation import Explanation, explain, explain_status
from receiver.fingerprints.rules import GroupingRules
from receiver.storage.regrouping import Grouping, wanted_grouping

SIBLINGS_MAX = 20
_SERVICES_MAX = 3
_FAILED_SPAN = "status"
_GROUPS_MAX = 100_000
_DELETED = (
    "SELECT exception_type, exception_message, exception_stacktrace, sdk_language,"
    " exception_source, fingerprint, fingerprint_loose, fingerprint_version, top_frame,"
    " service_name, service_version, environment_name, NULL AS endpoint, last_seen AS time,"
    " NULL AS trace_id, NULL AS signal FROM deleted_exceptions"
    " WHERE fingerprint = $fingerprint AND exception_source IS NOT NULL"
    " ORDER BY last_seen DESC NULLS LAST LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One sighting; the fields are columns of the saved query `exception_occurrences`."""

    exception_type: str | None
    exception_message: str | None
    exception_stacktrace: str | None
    sdk_language: str | None
    exception_source: str | None
    fingerprint: str
    fingerprint_loose: str
    fingerprint_version: int
    top_frame: str | None
    service_name: str
    service_version: str | None
    environment_name: str | None
    endpoint: str | None
    time: str | None
    trace_id: str | None
    signal: str | None


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another strict group of the same loose key, and what keeps it apart: the first part of the
    strict key that differs; None where nothing is stored that tells."""

    group: ExceptionGroup
    differs: str | None


@dataclass(frozen=True, slots=True)
class DeploymentState:
    """The state of the exception in the latest deployment of a service that recorded it; `state` is
    None where that deployment and its baseline never showed it."""

    service_name: str
    service_version: str | None
    environment_name: str | None
    state: str | None
    why: str | None
    silenced: bool


@dataclass(frozen=True, slots=True)
class _State:
    """Columns of the saved query `exception_groups`."""

    fingerprint: str = ""
    state: str | None = None
    why: str | None = None
    silenced: bool = False


@dataclass(frozen=True, slots=True)
class ExplainedException:
    """A named exception with its explanation, which is that of the latest occurrence.

    `stored` and `wanted` are what the stored fingerprint and the explanation were made with.
    """

    named: NamedException
    latest: Occurrence
    explanation: Explanation
    stored: Grouping | None
    wanted: Grouping
    siblings: tuple[Sibling, ...]
    siblings_left_out: int
    examples: tuple[Occurrence, ...]
    states: tuple[DeploymentState, ...]
    decisions: tuple[Decided, ...]

    @property
    def group(self) -> ExceptionGroup:
        """The strict group that is explained."""
        return self.named.groups[0]

    @property
    def grouped_otherwise(self) -> bool:
        """Whether it would have another fingerprint if it were stored now."""
        now = (self.explanation.strict, self.explanation.loose)
        return now != (self.latest.fingerprint, self.latest.fingerprint_loose)


def explained(
    store: Asking, named: NamedException, rules: GroupingRules, examples_max: int
) -> ExplainedException:
    """Why these exceptions are one group; raises CommandFailed when no example is kept."""
    group = named.groups[0]
    latest = _latest(store, group.fingerprint)
    if latest is None:
        raise CommandFailed(
            f"{named}: its occurrences were deleted by an older deploylens, which kept no example"
            " of it, so nothing tells how it was grouped."
        )
    explanation = _explain(latest, rules)
    beside = same_place(store, group)
    return ExplainedException(
        named=named,
        latest=latest,
        explanation=explanation,
        stored=stored_grouping(store.database),
        wanted=wanted_grouping(rules),
        siblings=tuple(
            _sibling(store, other, explanation, rules) for other in beside[:SIBLINGS_MAX]
        ),
        siblings_left_out=max(0, len(beside) - SIBLINGS_MAX),
        examples=tuple(_occurrences(store, named.key, examples_max)),
        states=tuple(_states(store, group)),
        decisions=tuple(
            decision_rows(
                store, keys=(group.fingerprint, group.fingerprint_loose), over=True
            ).records(Decided)
        ),
    )


def first_difference(one: Explanation, other: Explanation) -> str | None:
    """The first part of the strict key in which the other differs, in words; None if none does."""
    mine, theirs = _strict_parts(one), _strict_parts(other)
    for ours, their in zip_longest(mine, theirs):
        if ours != their:
            kind, text = their or ours or ("", "")
            word = "" if ours and their else "also " if their else "no "
            return f"{word}{kind}: {text or '(none)'}"
    return None


def _strict_parts(explanation: Explanation) -> list[tuple[str, str]]:
    return [(part.kind, part.text) for part in explanation.parts if part.strict]


def _sibling(
    store: Asking, group: ExceptionGroup, mine: Explanation, rules: GroupingRules
) -> Sibling:
    latest = _latest(store, group.fingerprint)
    differs = None if latest is None else first_difference(mine, _explain(latest, rules))
    return Sibling(group, differs)


def _explain(one: Occurrence, rules: GroupingRules) -> Explanation:
    if one.exception_source == _FAILED_SPAN:
        said = one.exception_type, one.exception_message, one.top_frame
        return explain_status(*said, rules)
    return explain(
        one.exception_type,
        one.exception_message,
        one.exception_stacktrace,
        one.sdk_language,
        rules,
    )


def _latest(store: Asking, fingerprint: str) -> Occurrence | None:
    """The latest occurrence, or the example that was kept of those that were deleted."""
    found = _occurrences(store, fingerprint, 1)
    if not found:
        answer = store.database.sql(_DELETED, {"fingerprint": fingerprint})
        found = rows_from_arrow(answer.table).records(Occurrence)
    return found[0] if found else None


def _occurrences(store: Asking, key: str, rows_max: int) -> Sequence[Occurrence]:
    asked = {"fingerprint": key, "rows_max": rows_max}
    return store.rows("exception_occurrences", asked).records(Occurrence)


def _states(store: Asking, group: ExceptionGroup) -> Iterator[DeploymentState]:
    """The state in the latest deployment of each of the first services that recorded it."""
    deployed = store.deployed()
    for service in group.service_names[:_SERVICES_MAX]:
        last = next((one for one in deployed if one.service_name == service), None)
        if last is None:
            continue
        asked = {
            "service_name": service,
            "service_version": last.version,
            "environment_name": last.environment_name,
            "deployment_id": last.deployment_id,
            "rows_max": _GROUPS_MAX,
        }
        rows = store.rows("exception_groups", asked).records(_State)
        mine = next((row for row in rows if row.fingerprint == group.fingerprint), _State())
        place = (service, last.service_version, last.environment_name)
        yield DeploymentState(*place, mine.state, mine.why, mine.silenced)
