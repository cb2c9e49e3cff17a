"""Replays the verdict over the deployments that are stored: asks for each what its judge needs."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from analysis.asking import Asking
from analysis.backtest.asked_looks import LOOKS_AT_ONCE, answers
from analysis.backtest.outcome import Outcome, Said
from analysis.backtest.past_deployment import Wanted, past_deployments, subjects_of
from analysis.backtest.past_evidence import PastEvidence
from analysis.backtest.past_minutes import stretch_tables, stretches
from analysis.backtest.replay import Replayed, looks_of
from analysis.backtest.summary import Summary, summary_of
from analysis.verdict.minute_tables import MinuteTables
from analysis.verdict.subject import Subject
from analysis.verdict.thresholds import Thresholds

# Stretches that are asked for ahead of the judge: more would only take memory.
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Backtest:
    """Every deployment that was replayed, the earliest first, and what it comes to."""

    replayed: tuple[Replayed, ...]
    summary: Summary


@dataclass(frozen=True, slots=True)
class _Asked:
    """A deployment with its windows, thresholds and what became of it."""

    subject: Subject
    thresholds: Thresholds
    outcome: Outcome | None


_Counted = tuple[_Asked, PastEvidence]


def replay_stored(
    store: Asking,
    wanted: Wanted,
    thresholds_of: Callable[[str], Thresholds],
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Backtest:
    """The verdict on every stored deployment that is wanted, as it would have been each minute.

    Raises CommandFailed or UsageRefused for names that are not stored, ParameterError, QueryError,
    StoreError.
    """
    past = past_deployments(store, wanted)
    said = Said.of(wanted.good, wanted.bad, store.deployment_names())
    asked = list[_Asked]()
    subjects = subjects_of(store, past, wanted.minutes)
    for done, (deployment, subject) in enumerate(zip(past, subjects, strict=True)):
        if subject is not None:
            thresholds = thresholds_of(deployment.service_name)
            outcome = said.outcome(deployment.name, deployment.note)
            asked.append(_Asked(subject, thresholds, outcome))
        on_progress(done, 2 * len(past))
    replayed = list[Replayed]()
    for one in _replayed(store, asked):
        replayed.append(one)
        on_progress(len(past) + len(replayed), 2 * len(past))
    replayed.sort(key=lambda one: (one.subject.first_minute, one.subject.place.service_name))
    return Backtest(tuple(replayed), summary_of(replayed, len(past) - len(asked)))


def _replayed(store: Asking, asked: Sequence[_Asked]) -> Iterator[Replayed]:
    """Each deployment replayed. Counts are judged first, for they tell at which looks exceptions
    have to be known; while the store is asked for these, the counts of the next ones are."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        waiting = deque[tuple[list[_Counted], Future[list[pa.Table]]]]()
        for several in _together(_counted(store, executor, asked)):
            waiting.append((several, executor.submit(_exceptions, store, several)))
            if len(waiting) > 1:
                yield from _concluded(*waiting.popleft())
        for several, exceptions in waiting:
            yield from _concluded(several, exceptions)


def _counted(store: Asking, executor: Executor, asked: Sequence[_Asked]) -> Iterator[_Counted]:
    """The deployments with their minutes, of which counts have been judged."""
    for tables, several in _with_tables(store, executor, asked):
        for one in several:
            yield one, PastEvidence.of(tables, one.subject, one.thresholds)


def _together(counted: Iterable[_Counted]) -> Iterator[list[_Counted]]:
    """So many at a time that their looks make one question."""
    several, looks = list[_Counted](), 0
    for one in counted:
        several.append(one)
        looks += max(1, len(one[1].exception_looks))
        if looks >= LOOKS_AT_ONCE:
            yield several
            several, looks = [], 0
    if several:
        yield several


def _exceptions(store: Asking, counted: Sequence[_Counted]) -> list[pa.Table]:
    """The exceptions at each look at which they may matter."""
    looks = [look for _, evidence in counted for look in evidence.asked_looks()]
    return list(answers(store, "exception_looks", looks))


def _concluded(
    counted: Sequence[_Counted], exceptions: Future[list[pa.Table]]
) -> Iterator[Replayed]:
    """What all that was known says of each, with the exceptions at their looks in that order."""
    rows = iter(exceptions.result())
    for one, evidence in counted:
        shown = {minutes: next(rows) for minutes in evidence.exception_looks}
        looks = looks_of(evidence.judged(shown))
        yield Replayed(one.subject, evidence.requests, looks, one.outcome)


def _with_tables(
    store: Asking, executor: Executor, asked: Sequence[_Asked]
) -> Iterator[tuple[MinuteTables, list[_Asked]]]:
    """The deployments of each stretch with its minutes, which are asked for while the judge is busy
    with the stretch before."""
    subjects = [(one.subject, one.thresholds.warm_up_s) for one in asked]
    waiting = iter(list(stretches(subjects)))
    ahead = deque(
        (executor.submit(stretch_tables, store, stretch), members)
        for stretch, members in islice(waiting, _AHEAD)
    )
    while ahead:
        tables, members = ahead.popleft()
        for stretch, others in islice(waiting, 1):
            ahead.append((executor.submit(stretch_tables, store, stretch), others))
        yield tables.result(), [asked[at] for at in members]
