"""Which check is asked for, and asking for it: the one way of the commands and of the local API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from analysis.asked_deployment import check_names
from analysis.asking import Asking
from analysis.comparison import comparison_of
from analysis.deployment_name import Deployed, DeploymentName, named_deployment
from analysis.exit_code import CommandFailed
from analysis.saved_query import bind
from analysis.verdict.check import Check
from analysis.verdict.checking import check_deployment
from analysis.verdict.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class AskedCheck:
    """A deployment, by its name or as `SERVICE@VERSION`, and what was said besides.

    `given` holds parameters of the queries about one deployment, as text. `window` is the time from
    its first traffic that is judged; None for as long as the thresholds say. `factors`: also what
    the failing requests have in common, which takes longer.
    """

    deployment: DeploymentName | str
    given: Mapping[str, str] = field(default_factory=dict)
    window: timedelta | None = None
    factors: bool = False


def ask(
    store: Asking, asked: AskedCheck, thresholds: Callable[[str], Thresholds], now: datetime
) -> Check:
    """The check, as of `now`; raises CommandFailed or UsageRefused for what is not stored, else
    ParameterError, QueryError or StoreError."""
    try:
        name = _known_name(store.rows("deployment_names").records(Deployed), asked)
    except CommandFailed:  # only in spans of an hour ago and more, or nowhere; that takes longer
        name = _known_name(store.deployed(), asked)
    given = _within_window(store, name, asked, now)
    return check_deployment(store, name, given, thresholds, lambda: now, factors=asked.factors)


def _known_name(deployed: Sequence[Deployed], asked: AskedCheck) -> DeploymentName:
    """The deployment that is meant; raises CommandFailed or UsageRefused: what there is."""
    name = asked.deployment
    if isinstance(name, str):
        name = named_deployment(name, [one.name for one in deployed])
    said = {"service_name": name.service, "service_version": name.version, **asked.given}
    check_names(deployed, said)
    return name


def _within_window(
    store: Asking, name: DeploymentName, asked: AskedCheck, now: datetime
) -> Mapping[str, str]:
    """What was said, with the end of the window as `until` unless an earlier one was said."""
    if asked.window is None:
        return asked.given
    said = {"service_name": name.service, "service_version": name.version, **asked.given}
    values = bind(store.catalog["comparison"], said, now)
    comparison = comparison_of(store.rows("comparison", values))
    if comparison is None:
        return asked.given
    first_seen = datetime.fromisoformat(f"{comparison.candidate_first_seen[:19]}+00:00")
    ends = [(first_seen + asked.window).astimezone(UTC).replace(tzinfo=None)]
    if isinstance(values["until"], datetime):
        ends.append(values["until"])
    return {**asked.given, "until": min(ends).isoformat()}
