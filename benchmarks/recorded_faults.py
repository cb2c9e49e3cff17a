"""What `check` says of recorded traces in which a fault was injected into a known service.

A folder of cases: NAME.otlp.gz with NAME.json beside it. Its `faulty_service` and `new_version`
name the deployment with the fault, `fault_kind` what kind it is, and `visible_in` where it can be
seen at all; an empty list is a fault that leaves no mark, of which nobody must be accused. Every
case goes into a store of its own. A hit is a faulty service that is the largest origin of failures,
or that fails most, or, as many faults fail no request, that a finding above `info` is about.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analysis.asking import Asking, asking
from analysis.deployment_name import DeploymentName
from analysis.settings import Settings
from analysis.verdict.check import Check, Gate
from analysis.verdict.checking import check_deployment
from receiver.importer import import_files


@dataclass(frozen=True, slots=True)
class Case:
    """What was said of one case. `finding` is the kind of the strongest one, or None."""

    name: str
    fault_kind: str
    leaves_a_mark: bool
    verdict: str
    origin: str | None
    failing_service: str | None
    finding: str | None
    top: bool
    noticed: bool
    accused: bool

    @property
    def hit(self) -> bool:
        """Whether the answer was right."""
        return (self.top or self.noticed) if self.leaves_a_mark else not self.accused


@dataclass(frozen=True, slots=True)
class Cases:
    """All cases of a folder, and shares of them.

    Of faults with a mark, `top_rate`: the service is the top origin or fails most; `named_rate`: or
    a finding is about it. Of all, `hit_rate`: the answer was right.
    """

    cases: tuple[Case, ...]
    top_rate: float | None
    named_rate: float | None
    hit_rate: float | None

    @property
    def table(self) -> str:
        """A line for each case, and the rates."""
        lines = [
            f"{'hit ' if one.hit else 'MISS'} {one.name:44} {one.verdict:20}"
            f" origin {one.origin}, fails most {one.failing_service}, finding {one.finding}"
            f"{'' if one.leaves_a_mark else '; leaves no mark'}"
            for one in self.cases
        ]
        rates = (
            f"of faults with a mark: top origin or top failing service {_percent(self.top_rate)},"
            f" or named by a finding {_percent(self.named_rate)};"
            f" of all answered rightly {_percent(self.hit_rate)}"
        )
        return "\n".join([*lines, rates, ""])


def check_cases(folder: Path) -> Cases:
    """Checks every case of the folder."""
    cases = tuple(_check_case(path) for path in sorted(folder.glob("*.otlp.gz")))
    marked = [one for one in cases if one.leaves_a_mark]
    return Cases(
        cases,
        _share(one.top for one in marked),
        _share(one.hit for one in marked),
        _share(one.hit for one in cases),
    )


def _check_case(recording: Path) -> Case:
    name = recording.name.removesuffix(".otlp.gz")
    told = json.loads((recording.parent / f"{name}.json").read_text(encoding="utf-8"))
    deployment = DeploymentName(told["faulty_service"], told["new_version"])
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "case.duckdb"
        import_files([recording], store, lambda _path, _read: None)
        settings = Settings({"store": str(store)})
        with asking(settings) as ask:
            check = check_deployment(
                ask, deployment, {}, settings.thresholds, lambda: datetime.now(UTC)
            )
            return _case(name, told, check, _top_service(ask, deployment))


def _case(name: str, told: Mapping[str, object], check: Check, failing_service: str | None) -> Case:
    faulty = told["faulty_service"]
    origin = check.origins[0].service if check.origins else None
    findings = [one for one in check.findings if one.severity != "info"]
    about_it = [one for one in findings if one.service == faulty]
    return Case(
        name=name,
        fault_kind=str(told["fault_kind"]),
        leaves_a_mark=bool(told["visible_in"]),
        verdict=check.verdict.value,
        origin=origin,
        failing_service=failing_service,
        finding=findings[0].kind if findings else None,
        top=faulty in (origin, failing_service),
        noticed=bool(about_it) and check.gate is not Gate.PASS,
        accused=check.gate is Gate.FAIL,
    )


def _top_service(store: Asking, deployment: DeploymentName) -> str | None:
    """The service with the most failing requests in traces through the deployment."""
    asked = {"service_name": deployment.service, "service_version": deployment.version}
    names = ["service_name", "candidate_failures"]
    answer = store.database.run(store.catalog["failing_services"], asked)
    rows = answer.select(names).to_pylist()
    failing = [row for row in rows if row["candidate_failures"]]
    most = max(failing, key=lambda row: row["candidate_failures"], default=None)
    return None if most is None else str(most["service_name"])


def _share(right: Iterable[bool]) -> float | None:
    answers = list(right)
    return sum(answers) / len(answers) if answers else None


def _percent(rate: float | None) -> str:
    return "unknown" if rate is None else f"{rate:.0%}"
