"""From a store to an incident: asks, ranks, has the strongest judged, and puts it together."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from analysis.asking import Asking
from analysis.deployment_name import DeploymentName
from analysis.exit_code import CommandFailed
from analysis.incident.accusation import accusation_of
from analysis.incident.gathering import Gathered, gather
from analysis.incident.incident import Accused, Incident
from analysis.incident.ranking import Standing, ranking
from analysis.incident.reasons import first_evidence, matters, reasons_of, strongest_kind
from analysis.incident.rivals import Known, Rival
from analysis.incident.shares import shares_of, unexplained_of
from analysis.incident.symptoms import symptoms_of
from analysis.inference.multiplicity import e_bh
from analysis.verdict.check import Check, CheckedDeployment, Verdict, Window
from analysis.verdict.checking import check_deployment
from analysis.verdict.figures import name
from analysis.verdict.thresholds import Thresholds
from analysis.verdict.windows import time_text

# The rest has little against it, and each judgement takes about a second of a large store.
JUDGED_MAX = 5
HARMFUL = (Verdict.ROLL_BACK, Verdict.FIX_FORWARD)

ThresholdsOf = Callable[[str], Thresholds]


def investigate(
    store: Asking,
    since: datetime,
    until: datetime,
    environment: str | None,
    thresholds_of: ThresholdsOf,
    now: datetime,
) -> Incident:
    """What is to be said of the time from `since` to `until`, naive times in UTC.

    Without an environment it is the busiest. Raises CommandFailed, ParameterError, QueryError or
    StoreError.
    """
    found = gather(store, since, until, environment)
    usual = thresholds_of("")
    standings = ranking(
        found.rivals,
        lambda rival, culprits: accusation_of(found.passages, found.switches, rival, culprits),
        usual.hold_e_value,
    )
    culprits = [standing.rival for standing in standings if standing.culprit]
    shares, left = shares_of(found, culprits)
    judged = _judged(store, standings, found, until, thresholds_of, now)
    proven = _proven(standings, usual.alpha)
    accused = tuple(
        _accused(
            rank,
            standing,
            judged.get(standing.rival),
            standing.rival in proven,
            thresholds_of(standing.rival.place.service_name),
            shares,
            left,
        )
        for rank, standing in enumerate(standings, start=1)
    )
    return Incident(
        now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        Window(time_text(found.since), time_text(found.until)),
        found.environment,
        symptoms_of(found, usual),
        accused,
        unexplained_of(found, culprits, left),
        _caveats(found),
    )


def _judged(
    store: Asking, standings: Sequence[Standing], found: Gathered, until: datetime,
    thresholds_of: ThresholdsOf, now: datetime,
) -> dict[Rival, Check]:  # fmt: skip
    """The checks of the strongest as of the end of the window."""
    checks = {}
    strongest = sorted(standings, key=lambda one: -max(one.alone, one.log_e))
    for standing in strongest[:JUDGED_MAX]:
        place = standing.rival.place
        given = {"until": until.isoformat()}
        for key in ("environment_name", "deployment_id"):
            value = getattr(place, key)
            if value is not None:
                given[key] = value
        asked = DeploymentName(place.service_name, place.service_version or "")
        try:
            checks[standing.rival] = check_deployment(
                store, asked, given, thresholds_of, lambda: now
            )
        except CommandFailed:  # it sent nothing that a check could be made of
            continue
    return checks


def _proven(standings: Sequence[Standing], alpha: float) -> set[Rival]:
    """Those whose evidence holds although so many were asked about (e-BH)."""
    if not standings:
        return set()
    holds = e_bh([standing.log_e for standing in standings], alpha)
    return {s.rival for s, proven in zip(standings, holds, strict=True) if proven and s.culprit}


def _accused(
    rank: int, standing: Standing, check: Check | None, proven: bool, thresholds: Thresholds,
    shares: dict[Rival, float], left: float | None,
) -> Accused:  # fmt: skip
    rival, explained, twin = standing.rival, standing.explained_by, standing.confounded_with
    verdict = _verdict(standing, check, proven, thresholds)
    first = first_evidence(standing)
    return Accused(
        deployment=_unjudged(rival.known) if check is None else check.deployment,
        verdict=verdict,
        rank=rank,
        log_e_value=round(standing.log_e, 4),
        kinds=standing.kinds,
        share=None if left is None else shares.get(rival, 0.0),
        first_evidence_at=None if first is None else time_text(rival.start + first),
        reasons=reasons_of(standing, verdict, check),
        alone_log_e_value=round(standing.alone, 4),
        explained_by=None if explained is None else explained.name,
        at_fault=standing.culprit or twin is not None,
        began_at=time_text(rival.start),
        confounded_with=twin.name if twin else None,
    )


def _verdict(
    standing: Standing, check: Check | None, proven: bool, thresholds: Thresholds
) -> Verdict:
    """The judge's, unless another deployment explains what it found, or would as well; growing
    evidence is at least a reason to hold."""
    judged = Verdict.NOT_ENOUGH_DATA if check is None else check.verdict
    if standing.confounded_with is not None:
        return Verdict.HOLD
    if standing.explained_by is not None and judged in (*HARMFUL, Verdict.HOLD):
        return Verdict.NOT_THIS_DEPLOYMENT
    if not standing.culprit or judged in HARMFUL:
        return judged
    kind = strongest_kind(standing.kinds)
    if not proven or kind is None or not matters(standing.accusation, kind, thresholds):
        return Verdict.HOLD
    # A release may stop calling somebody on purpose.
    if kind == "traffic":
        return Verdict.HOLD
    # What only stands against the minutes before may be somebody else's doing; silence is not.
    if not standing.accusation.concurrent and kind != "unanswered":
        return Verdict.HOLD
    return Verdict.FIX_FORWARD if standing.rival.known.irreversible else Verdict.ROLL_BACK


def _unjudged(known: Known) -> CheckedDeployment:
    place = known.place
    return CheckedDeployment(
        service=place.service_name,
        namespace=place.service_namespace,
        version=place.service_version,
        environment=place.environment_name,
        deployment_id=place.deployment_id,
        first_seen=known.first_seen,
        last_seen=known.last_seen,
        instances=known.instances,
        requests=known.requests,
        commit=known.commit,
        version_source=known.version_source,
    )


def _caveats(found: Gathered) -> tuple[str, ...]:
    if not found.environments:
        return ("Nothing is stored of this window, nor of the hours before it.",)
    others = [name(one) for one in found.environments if one not in (found.environment, None)]
    if not others:
        return ()
    return (
        f"Only {name(found.environment)} was looked at. Requests were served in {', '.join(others)}"
        " too: ask about it with --environment.",
    )
