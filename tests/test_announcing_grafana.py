"""Annotations in Grafana, against a server that keeps to its documented HTTP API."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from analysis.announcing.event import Event, trial_event
from analysis.announcing.grafana_call import tell_grafana
from analysis.announcing.outcome import Outcome
from analysis.announcing.targets import DEPLOYMENT, VERDICT, Grafana, Place, Secret
from analysis.verdict.check import Verdict
from tests.announced_to import Reaction, Told, server

TOKEN = "glsa_0123456789"
BEGAN_MS = 1_767_351_600_000


@dataclass(slots=True)
class Contract:
    """What docs/sources/developers/http_api/annotations.md of Grafana says of GET, POST, PATCH."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    annotations: dict[int, dict[str, Any]] = field(default_factory=dict)
    failing: list[Reaction] = field(default_factory=list)

    def react(self, told: Told) -> Reaction:
        """The answer to a request."""
        self.asked.append(told.method)
        if told.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reaction(401, body=b'{"message": "Unauthorized"}')
        if told.method == "GET":
            query = parse_qs(urlsplit(told.path).query)
            assert urlsplit(told.path).path == "/hook/api/annotations"
            found = [
                {"id": one, **body}
                for one, body in self.annotations.items()
                if set(query["tags"]) <= set(body["tags"])
            ]
            return Reaction(body=json.dumps(found).encode())
        assert told.headers["content-type"] == "application/json"
        body = told.json
        assert all(type(body[name]) is int for name in ("time", "timeEnd") if name in body)
        if told.method == "POST":
            assert told.path == "/hook/api/annotations"
            assert body["text"]
            number = len(self.annotations) + 1
            self.annotations[number] = body
            answer = {"message": "Annotation added", "id": number}
        else:
            number = int(re.fullmatch(r"/hook/api/annotations/(\d+)", told.path)[1])  # type: ignore[index]  # else it fails
            assert body.keys() <= {"text", "tags", "time", "timeEnd"}
            self.annotations[number] |= body
            answer = {"message": "Annotation patched"}
        return self.failing.pop(0) if self.failing else Reaction(body=json.dumps(answer).encode())


@pytest.fixture
def grafana() -> Iterator[Contract]:
    """A server with the contract."""
    contract = Contract()
    with server() as started:
        started.usual = contract.react
        contract.url = started.url
        yield contract


def event(kind: str, verdict: Verdict | None, service: str = "shop") -> Event:
    """An event of a deployment that began at 11:00."""
    told = trial_event(datetime(2026, 1, 2, 11, 9, tzinfo=UTC), "")
    return replace(
        told,
        type=kind,
        began_at="2026-01-02T11:00:00Z",
        verdict=verdict,
        deployment=replace(told.deployment, service=service, environment="prod"),
    )


def told(contract: Contract, one: Event, folder: Path, token: str = TOKEN) -> Outcome:
    """What came of telling it."""
    (folder / "token").write_text(token + "\n")
    target = Grafana(
        name="grafana",
        place=Place(contract.url + "/"),
        token=Secret(file=folder / "token"),
        dashboard_uid="abc",
        tags=("team:shop",),
    )
    return tell_grafana(target, one.document())


def test_one_annotation_for_a_deployment(grafana: Contract, tmp_path: Path) -> None:
    """It is made when the deployment began, and becomes a region with each verdict."""
    assert told(grafana, event(DEPLOYMENT, None), tmp_path) == Outcome("sent", "HTTP 200", "1")
    [made] = grafana.annotations.values()
    assert (made["time"], made["dashboardUID"]) == (BEGAN_MS, "abc")
    assert "timeEnd" not in made
    assert {"deploylens", "service:shop", "environment:prod", "team:shop"} <= set(made["tags"])
    for verdict in (Verdict.HOLD, Verdict.ROLL_BACK):
        assert told(grafana, event(VERDICT, verdict), tmp_path).reference == "1"
    [kept] = grafana.annotations.values()
    assert (kept["time"], kept["timeEnd"]) == (BEGAN_MS, BEGAN_MS + 9 * 60_000)
    assert "verdict:roll_back" in kept["tags"]
    assert "verdict:hold" not in kept["tags"]
    assert "roll back" in kept["text"]
    assert grafana.asked == ["GET", "POST", *["GET", "PATCH"] * 2]


def test_lost_answer_makes_no_second(grafana: Contract, tmp_path: Path) -> None:
    """An annotation whose answer was lost is found by its tag and not made again."""
    grafana.failing = [Reaction(cut=True)]
    assert told(grafana, event(DEPLOYMENT, None), tmp_path).state == "waiting"
    assert told(grafana, event(DEPLOYMENT, None), tmp_path).state == "sent"
    assert len(grafana.annotations) == 1


def test_wrong_token(grafana: Contract, tmp_path: Path) -> None:
    """A token that is not good is told by its answer, and never shown."""
    found = told(grafana, event(DEPLOYMENT, None), tmp_path, "glsa_wrong")
    assert (found.state, found.said) == ("refused", "HTTP 401")


def test_markup_is_text(grafana: Contract, tmp_path: Path) -> None:
    """Grafana shows the text as HTML, so what came from a span is escaped; tags are cut."""
    hostile = "<img src=x onerror=alert(1)>" + "x" * 200
    told(grafana, event(VERDICT, Verdict.HOLD, hostile), tmp_path)
    [made] = grafana.annotations.values()
    assert "<img" not in made["text"]
    assert "&lt;img" in made["text"]
    assert max(map(len, made["tags"])) <= 80


def test_something_else_answers(tmp_path: Path) -> None:
    """Whatever is at the address, nothing is made there unless it answers as Grafana does."""
    with server() as other:
        found = told(Contract(other.url), event(DEPLOYMENT, None), tmp_path)
        assert (found.state, [one.method for one in other.told]) == ("waiting", ["GET"])
