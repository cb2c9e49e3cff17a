"""Whether what was asked about is stored at all: an empty answer is never a false all-clear.

A mistyped environment, roll-out or baseline has no failures either; asking about one is an error.
"""

from collections.abc import Iterable, Mapping, Sequence

from analysis.asking import Asking
from analysis.deployment_name import (
    Deployed,
    DeploymentName,
    cut,
    listed,
    unknown_deployment,
)
from analysis.empty_states import NothingStored
from analysis.exit_code import CommandFailed
from analysis.parameters import value_text
from analysis.saved_query import bind
from analysis.suggestion import did_you_mean

_NARROWING = ("environment_name", "deployment_id", "baseline_version")


def check_asked(
    store: Asking, query_name: str, given: Mapping[str, str], *, is_empty: bool
) -> None:
    """Refuse an answer about something that is not stored; raises CommandFailed: what there is.

    Looked up when the answer is empty, or when an environment, roll-out or baseline was named.
    """
    query = store.catalog[query_name]
    narrowed = query.trusted and any(name in given for name in _NARROWING)
    if not {"service_name", "environment_name"} & set(given) or not (is_empty or narrowed):
        return
    deployed = store.deployed()
    check_names(deployed, given)
    shared = {parameter.name for parameter in store.catalog["comparison"].parameters}
    about_one = shared <= {parameter.name for parameter in query.parameters}
    if is_empty and about_one:
        _check_window(store, {key: value for key, value in given.items() if key in shared})


def check_names(deployed: Sequence[Deployed], given: Mapping[str, str]) -> None:
    """Refuse names that no stored or marked deployment has; raises CommandFailed."""
    rows, subject = list(deployed), "the store"
    service, version = given.get("service_name"), given.get("service_version")
    if not rows:
        raise NothingStored
    if service is not None:
        known = [row.name for row in rows]
        if not any(n.service == service and version in (None, n.version) for n in known):
            raise CommandFailed(unknown_deployment(DeploymentName(service, version or ""), known))
        _check_baseline(service, given.get("baseline_version"), known)
        rows = [
            row for row in rows if row.name.service == service and version in (None, row.version)
        ]
        subject = _subject(service, version)
    for key, kind in (("environment_name", "environment"), ("deployment_id", "deployment id")):
        asked = given.get(key)
        if asked is None:
            continue
        stored = [getattr(row, key) for row in rows]
        if asked not in stored:
            raise CommandFailed(_has_no(subject, kind, asked, stored))
        rows = [row for row in rows if getattr(row, key) == asked]
        subject = f"{subject} in {cut(asked)}"


def nothing_stored_of(values: Mapping[str, object]) -> str:
    """That a deployment sent nothing, or nothing in the window that was asked for."""
    subject = _subject(str(values["service_name"]), str(values["service_version"]))
    since, until = (value_text(values.get(key)) for key in ("since", "until"))
    since, until = (time and time.removesuffix("Z") for time in (since, until))
    if since is None and until is None:
        return f"unknown: no spans of {subject} are stored."
    if since is not None and until is not None:
        return f"nothing of {subject} is stored between {since} and {until} UTC."
    window = f"since {since}" if until is None else f"before {until}"
    return f"nothing of {subject} is stored {window} UTC."


def _check_window(store: Asking, given: Mapping[str, str]) -> None:
    """Refuse a window in which the deployment sent nothing; raises CommandFailed."""
    values = bind(store.catalog["comparison"], given)
    if not len(store.rows("comparison", values)):
        raise CommandFailed(nothing_stored_of(values))


def _check_baseline(service: str, baseline: str | None, known: Iterable[DeploymentName]) -> None:
    name = DeploymentName(service, baseline or "")
    names = list(known)
    if baseline is not None and name not in names:
        raise CommandFailed(unknown_deployment(name, names))


def _has_no(subject: str, kind: str, asked: str, stored: Sequence[str | None]) -> str:
    names = [name for name in stored if name is not None]
    hint = did_you_mean(asked, names)
    there_are = f"Its {kind}s: {listed(names)}." if names else f"It was sent without {kind}."
    return f"{subject} has no {kind} {cut(asked)!r}.{hint} {there_are}"


def _subject(service: str, version: str | None) -> str:
    if version is None:
        return cut(service)
    return f"{cut(service)} {cut(version)}" if version else f"{cut(service)} without a version"
