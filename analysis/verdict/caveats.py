"""What limits a verdict, and what was ruled out on the way to it."""

from analysis.verdict import exoneration, figures
from analysis.verdict.assessment import FAILURES, Assessment
from analysis.verdict.gathering import Gathered
from analysis.verdict.judge import Judgement
from analysis.verdict.windows import time_text

_OTHER_ENDPOINTS = "(other)"
# Less is jitter, or one bad host among many.
_SKEW_MIN_S, _SKEWED_SHARE_MIN = 1.0, 0.1
_CUT_SHARE_MIN = 0.1


def caveats_of(found: Gathered, judgement: Judgement) -> tuple[str, ...]:
    """Why a reader should take the verdict with care."""
    seen = judgement.assessment
    evidence = seen.evidence
    said = []
    if found.facts.version_source not in (None, "service.version"):
        source = figures.name(found.facts.version_source)
        said.append(f"The version is inferred from {source}: service.version is not sent.")
    if evidence.has_baseline and not evidence.side_by_side:
        said.append(
            "The baseline is from before: whatever else changed since then counts as well, and only"
            " the first hour has minutes to stand against."
        )
    if evidence.strategy in ("rolling", "canary") and not evidence.side_by_side:
        said.append(
            f"It is marked {evidence.strategy}, but no other version served in the same minutes."
        )
    if evidence.minutes_before > 0:
        since = time_text(evidence.first_minute)
        said.append(
            f"It has served for longer: only its latest {evidence.minutes} minutes, since {since},"
            " are judged."
        )
    if evidence.weighted is None and seen.requests:
        said.append(
            "The senders do not say how they sample. If failures are kept more eagerly than"
            " successes, the rates shown are too high, on both sides."
        )
    if _OTHER_ENDPOINTS in evidence.own:
        said.append("The service has too many endpoints: the rarest are counted as (other).")
    return (*said, *_of_traces(found), *evidence.caveats)


def clock_skew_s(found: Gathered) -> float | None:
    """How far the clock of a caller is off, in seconds, where it often is; None where it is not."""
    if found.skew is None:
        return None
    off = [
        row["skew_ms_p50"] / 1000
        for row in found.skew.to_pylist()
        if row["caller_service_name"] is not None
        and row["skewed_requests"] >= _SKEWED_SHARE_MIN * row["requests"]
        and row["skew_ms_p50"] is not None
    ]
    return max((seconds for seconds in off if seconds >= _SKEW_MIN_S), default=None)


def _of_traces(found: Gathered) -> list[str]:
    """Clocks that disagree, and traces without their beginning."""
    if found.skew is None:
        return []
    said = []
    rows = found.skew.to_pylist()
    seconds = clock_skew_s(found)
    if seconds is not None:
        said.append(
            f"The clocks of its callers and of its instances differ by about {seconds:,.0f} s, so"
            " times are no surer than that (telemetry_gaps tells between which)."
        )
    cut = sum(row["requests"] for row in rows if row["caller_service_name"] is None)
    total = sum(row["requests"] for row in rows)
    if total and cut >= _CUT_SHARE_MIN * total:
        said.append(
            f"Traces are cut: the caller of {figures.percent(cut / total)} of its requests is not"
            " stored (sampled away, late, or sends nothing). What fails above it is not seen."
        )
    return said


def ruled_out_of(judgement: Judgement) -> tuple[str, ...]:
    """Explanations that were looked at and do not hold."""
    found = judgement.assessment
    if not found.requests:
        return ()
    return tuple(_ruled_out(found))


def _ruled_out(found: Assessment) -> list[str]:
    evidence, said = found.evidence, []
    if evidence.side_by_side and found.proven(FAILURES):
        said.append(
            "An outage of both versions: the version before it, in the same minutes, does not fail"
            f" so ({figures.percent(found.failures.totals.baseline_rate)})."
        )
    if found.onset.relation in ("at", "after"):
        said.append(f"A rise before the deployment: it began at {found.onset.at}.")
    noise = evidence.noise
    if noise is not None and noise.totals.candidate_trials:
        totals = noise.totals
        said.append(
            f"Roll-out noise: {totals.candidate_events:,} of {totals.candidate_trials:,} requests"
            " in the first and last seconds of instances failed, and are set apart."
        )
    if found.failures.totals.candidate_events and not exoneration.mostly_elsewhere(found):
        away = found.elsewhere.effect.totals.candidate_events
        said.append(
            f"Failures of other services: {away:,} of its"
            f" {found.failures.totals.candidate_events:,} failing requests start there."
        )
    if len(evidence.participation) > 1 and (found.kinds.participation or 0) >= found.log_proven:
        said.append(
            "Other deployments of the same minutes: traces that met the same versions of them were"
            " compared."
        )
    return said
