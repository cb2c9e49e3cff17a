"""Reports of real stores: a broken deployment, a healthy one, one of which little is known."""

from dataclasses import replace
from pathlib import Path

from analysis.asking import asking
from analysis.deployment_name import DeploymentName
from analysis.report.builder import build_report
from analysis.report.contents import Report
from analysis.settings import Settings
from tests.simulated_service import Scenario, fill

BROKEN = Scenario(
    minutes=20,
    per_minute=100,
    new=0.12,
    endpoints=4,
    failing_endpoints=2,
    new_type="KeyError",
    slow_ms=60,
    instances=2,
)
HEALTHY = Scenario(minutes=30, per_minute=300, endpoints=3, failing_endpoints=3, instances=2)
TOO_LITTLE = Scenario(minutes=4, per_minute=20, endpoints=2)
SMALL = Scenario(minutes=10, per_minute=60, new=0.3, new_type="KeyError")
HOSTILE = (
    "_<img src=http://evil.example/x onerror=alert(1)>\"'><script>alert(2)</script>"
    "</title></style></svg> $\\alpha^{2}$ $x \\frac{ \\n \x1b[2J \u202eabc\u2066 \U0001f600 "
    "\u05d0\u05d1 {{ 7 * 7 }} {% raw %} javascript:alert(3) fill: #d55e00 " + "x" * 300
)
"""A name as nobody should send it: markup, mathematics, escapes, another direction, too long."""
CANDIDATE = DeploymentName("checkout", "1.1")


def report_of(store: Path, name: DeploymentName = CANDIDATE, **given: str) -> Report:
    """The report of a deployment in a store."""
    settings = Settings({"store": str(store)}, {}, store.parent)
    with asking(settings) as asked:
        return build_report(asked, name, given, settings.thresholds)


def simulated_report(folder: Path, scenario: Scenario) -> Report:
    """The report of 1.1 in a new store with this scenario."""
    return report_of(fill(folder / "store.duckdb", scenario))


def nothing_of(report: Report) -> Report:
    """The same deployment as if it had sent nothing."""
    emptied = {
        name: ()
        for name in report.__slots__
        if isinstance(getattr(report, name), tuple) and name != "queries"
    }
    return replace(report, **emptied, comparison=None, deployment=None, check=None)  # type: ignore[arg-type]  # every field that is a tuple may be empty


def hostile_report(folder: Path) -> Report:
    """The report of a deployment every name of which is hostile."""
    statement = f"""
        UPDATE store.spans SET service_version = {_quoted(HOSTILE)}
        WHERE service_version = '1.1';
        UPDATE store.spans SET endpoint = {_quoted(HOSTILE)}, span_name = {_quoted(HOSTILE)},
            instance_id = {_quoted(HOSTILE)}
        WHERE service_name = 'checkout';
        UPDATE store.exceptions SET service_version = {_quoted(HOSTILE)},
            exception_type = {_quoted(HOSTILE)}, exception_message = {_quoted(HOSTILE)},
            top_frame = {_quoted(HOSTILE)}
        WHERE service_version = '1.1';
        UPDATE store.spans SET service_name = {_quoted(HOSTILE)} WHERE service_name = 'checkout';
        UPDATE store.exceptions SET service_name = {_quoted(HOSTILE)};
    """
    store = fill(folder / "hostile.duckdb", SMALL, statement)
    return report_of(store, DeploymentName(HOSTILE, HOSTILE))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
