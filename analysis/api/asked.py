"""Which check the parameters of a request ask for."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from analysis.api.wire import MalformedApiRequest
from analysis.check.asked_check import AskedCheck
from analysis.deployment_name import DeploymentName
from analysis.parameters import ParameterError, parse_value
from analysis.suggestion import did_you_mean

NARROWING = {
    "environment": "environment_name",
    "deployment_id": "deployment_id",
    "baseline": "baseline_version",
    "since": "since",
    "at": "until",
}
NAMES = ("service", "version", "deployment", *NARROWING, "window")


def asked_check(parameters: Iterable[tuple[str, str]]) -> AskedCheck:
    """What the parameters of a request ask for; raises MalformedApiRequest or ParameterError.

    An empty one was left out, but for the version: that of spans without one is empty.
    """
    given: dict[str, str] = {}
    for name, value in parameters:
        if name not in NAMES:
            raise MalformedApiRequest(
                f"unknown parameter {name!r}.{did_you_mean(name, NAMES)}"
                f" It takes: {', '.join(NAMES)}."
            )
        if name in given:
            raise MalformedApiRequest(f"parameter {name!r} was given twice.")
        given[name] = value
    narrowing = {word: given[name] for name, word in NARROWING.items() if given.get(name)}
    return AskedCheck(_deployment(given), narrowing, _window(given.get("window", "")))


def _deployment(given: Mapping[str, str]) -> DeploymentName | str:
    apart = bool(given.get("service")) and "version" in given
    whole = given.get("deployment", "")
    if apart is bool(whole) or (whole and given.get("service")):
        raise MalformedApiRequest(
            "'service' and 'version' name the deployment, as ?service=shop&version=1.4.0;"
            " or 'deployment' alone, as ?deployment=shop@1.4.0."
        )
    return whole or DeploymentName(given["service"], given["version"])


def _window(text: str) -> timedelta | None:
    try:
        window = parse_value("INTERVAL", text) if text else None
    except ValueError as error:
        raise ParameterError(f"parameter 'window': {error}.") from None
    return window if isinstance(window, timedelta) else None
