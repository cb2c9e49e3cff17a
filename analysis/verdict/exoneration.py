"""Failures that are real and not this deployment's: whose they are, and how that is said."""

from analysis.verdict.assessment import Assessment
from analysis.verdict.check import Origin
from analysis.verdict.figures import deployed, percent, rates
from analysis.verdict.origins import main_origin
from analysis.verdict.wording import origin


def began_before(found: Assessment) -> str:
    """Failures were there before the deployment."""
    return (
        f"The rise began at {found.onset.at} (between {found.onset.low} and {found.onset.high}),"
        " before the first traffic of this deployment."
    )


def clocks_differ(found: Assessment) -> str:
    """Why what came first cannot be told."""
    return (
        f"The rise seems to begin before the deployment, at {found.onset.at}, but clocks differ by"
        f" {found.evidence.clock_skew_s or 0:,.0f} s, so that is not sure."
    )


def before(found: Assessment) -> tuple[str, ...]:
    """The same where nothing else is proven against it."""
    return (began_before(found), *_risen(found))


def mostly_elsewhere(found: Assessment) -> bool:
    """Whether most failures of its requests start in another service or version."""
    failures = found.failures.totals.candidate_events
    return failures > 0 and 2 * found.elsewhere.effect.totals.candidate_events > failures


def rival_origin(found: Assessment) -> bool:
    """Whether most failures start in a service that was deployed in these minutes, too; or, where
    another version serves beside the candidate, in any other service."""
    if not mostly_elsewhere(found):
        return False
    if found.evidence.side_by_side:
        return True
    largest = main_origin(_others(found))
    rivals = {(rival.service, rival.version) for rival in found.evidence.rivals}
    return largest is not None and (largest.service, largest.version) in rivals


def _others(found: Assessment) -> list[Origin]:
    """Origins outside the candidate."""
    own = found.evidence.service, found.evidence.version
    return [one for one in found.evidence.origins if (one.service, one.version or "") != own]


def elsewhere(found: Assessment) -> tuple[str, ...]:
    """Failures that start in another service, and which."""
    others = _others(found)
    largest = main_origin(others)
    said = [] if largest is None else [f"The failures are real, but {_lower(origin(largest))}"]
    for rival in found.evidence.rivals:
        if largest is not None and rival.service == largest.service:
            what = deployed(rival.service, rival.version)
            said.append(f"{what} was deployed at {rival.first_seen}: look there.")
            break
    return (*said, *_risen(found))


def old_and_new(found: Assessment) -> tuple[str, ...]:
    """Both versions fail alike."""
    same = found.own.totals
    return (
        "The version before it fails as much in the same minutes"
        f" ({percent(same.baseline_rate)}, this one {percent(same.candidate_rate)}).",
        *_risen(found),
    )


def during_outage(found: Assessment) -> str:
    """Why a difference proves little while both versions fail."""
    rate = percent(found.failures.totals.baseline_rate)
    return f"The version beside it fails more than before, too ({rate}): an outage hits both."


def _risen(found: Assessment) -> tuple[str, ...]:
    if found.earlier is None:
        return ()
    rose = rates(found.earlier.effect, found.thresholds.confidence)
    return (f"Failures of the service rose {rose} against before.",)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
