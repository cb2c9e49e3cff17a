"""docs/operation.md: its unit, probes, scrape configuration and rules are ones that programs
take."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from receiver.errors import ReceiverError, Unavailable
from receiver.monitoring.metrics import Metrics
from tests.scraped import Scrape
from tests.served import ROOT

TEXT = (ROOT / "docs/operation.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of the document in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def documents() -> list[Any]:  # Any: whatever the YAML holds
    """The YAML blocks: probes, scrape configuration, rules."""
    return [yaml.safe_load(block) for block in blocks("yaml")]


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say about the unit, and its flags are those of
    `serve`."""
    (unit,) = blocks("ini")
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed; run this test once where it is")
    path = tmp_path / "deploylens.service"
    path.write_text(unit.replace("/usr/local/bin/deploylens", "/bin/true"))
    done = subprocess.run(
        [program, "verify", "--man=no", path], capture_output=True, text=True, check=False
    )
    about_it = [line for line in done.stderr.splitlines() if "deploylens" in line]
    assert (done.returncode, about_it) == (0, [])


def test_the_unit_starts_what_there_is() -> None:
    """The command of the unit has flags that `serve` has."""
    (unit,) = blocks("ini")
    from analysis.commands.serve import serve

    known = {option for parameter in serve.params for option in parameter.opts}
    assert set(re.findall(r" (--[\w-]+)", unit)) <= known


def test_probes_ask_what_there_is() -> None:
    """The probes ask paths that the receiver has."""
    probes = next(one for one in documents() if "livenessProbe" in one)
    paths = {probe["httpGet"]["path"] for probe in probes.values()}
    assert paths == {"/healthz", "/readyz"}


def test_rules_ask_for_metrics_that_there_are() -> None:
    """The scrape configuration and the alert rules are YAML of the right shape, and every metric
    they name is one that the receiver has."""
    (scraped,) = next(one for one in documents() if "scrape_configs" in one)["scrape_configs"]
    assert scraped["metrics_path"] == "/metrics"
    (group,) = next(one for one in documents() if "groups" in one)["groups"]
    names = set(Scrape(Metrics().text().decode()).names()) | set(documented())
    for rule in group["rules"]:
        assert {"alert", "expr", "labels", "annotations"} <= set(rule)
        assert set(re.findall(r"\bdeploylens_\w+", rule["expr"])) <= names


def documented() -> list[str]:
    """The metrics of the table."""
    return re.findall(r"^\| `(deploylens_\w+)` \|", TEXT, re.MULTILINE)


def test_every_reason_is_explained() -> None:
    """The table of reasons has each word that the code refuses with."""
    table = TEXT.partition("| reason |")[2].partition("### Prometheus")[0]
    explained = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    classes = {kind.reason for kind in every(ReceiverError)} - {ReceiverError.reason}
    assert explained == classes | set(given())


def given() -> Iterator[str]:
    """The reasons that `Unavailable`, or a kind of it, is made with, wherever that is."""
    kinds = {"Unavailable", *(kind.__name__ for kind in Unavailable.__subclasses__())}
    for path in (ROOT / "receiver").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in kinds:
                yield from (
                    reason.value
                    for reason in node.args[2:]
                    if isinstance(reason, ast.Constant) and isinstance(reason.value, str)
                )


def every(kind: type[ReceiverError]) -> set[type[ReceiverError]]:
    """The classes below this one whose reason stands in the class."""
    below = {one for child in kind.__subclasses__() for one in {child, *every(child)}}
    return {one for one in below if hasattr(one, "reason")}
