"""Replays the verdict over the deployments that are stored: asks for each what its judge needs."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from analysis.asking import Asking
from analysis.backtest.outcome import Outcome, Said
from analysis.backtest.past_deployment import PastDeployment, Wanted, past_deployments
from analysis.backtest.past_evidence import PastEvidence
from analysis.backtest.past_minutes import stretch_tables, stretches
from analysis.backtest.replay import Replayed, replay
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

    deployment: PastDeployment
    subject: Subject
    thresholds: Thresholds
    outcome: Outcome | None


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
    asked, unknown = list[_Asked](), 0
    for done, deployment in enumerate(past):
        thresholds = thresholds_of(deployment.service_name)
        subject = deployment.subject(store, wanted.minutes)
        if subject is None:
            unknown += 1
        else:
            outcome = said.outcome(deployment.name, deployment.note)
            asked.append(_Asked(deployment, subject, thresholds, outcome))
        on_progress(done, 2 * len(past))
    replayed = list[Replayed]()
    for tables, several in _with_tables(store, asked):
        for one in several:
            evidence = PastEvidence.of(store, tables, one.subject, one.thresholds)
            stirs = () if evidence.unseen_after is None else (evidence.unseen_after,)
            looks = replay(evidence.whole, one.thresholds, evidence.at, stirs)
            replayed.append(Replayed(one.subject, evidence.requests, looks, one.outcome))
            on_progress(len(past) + len(replayed), 2 * len(past))
    replayed.sort(key=lambda one: (one.subject.first_minute, one.subject.place.service_name))
    return Backtest(tuple(replayed), summary_of(replayed, unknown))


def _with_tables(
    store: Asking, asked: Sequence[_Asked]
) -> Iterator[tuple[MinuteTables, list[_Asked]]]:
    """The deployments of each stretch with its minutes, which are asked for while the judge is busy
    with the stretch before."""
    subjects = [(one.subject, one.thresholds.warm_up_s) for one in asked]
    waiting = iter(list(stretches(subjects)))
    with ThreadPoolExecutor(max_workers=1) as executor:
        ahead = [
            (executor.submit(stretch_tables, store, stretch), members)
            for stretch, members in islice(waiting, _AHEAD)
        ]
        while ahead:
            tables, members = ahead.pop(0)
            for stretch, others in islice(waiting, 1):
                ahead.append((executor.submit(stretch_tables, store, stretch), others))
            yield tables.result(), [asked[at] for at in members]
