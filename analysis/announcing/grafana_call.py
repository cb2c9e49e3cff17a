"""Keeps one annotation in Grafana for each deployment: a mark where it began, and from its first
verdict on the region from there to its last, with what was said.

The annotation is found again by a tag of its own, so that none is made twice, whatever was lost on
the way. The API is that of grafana.com/docs/grafana/latest/developers/http_api/annotations: GET,
POST and PATCH of /api/annotations, times in milliseconds.
"""

import html
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from analysis.announcing.exchange import TIMEOUT_S, Call, Reply, exchange
from analysis.announcing.outcome import Outcome, not_now, outcome_of
from analysis.announcing.targets import DEPLOYMENT, Grafana, TargetUnusable
from analysis.safe_text import shortened, shown
from receiver.monitoring.metrics import program_version
from receiver.storage.announcements import WAITING

_TAG_LENGTH_MAX = 80
_REASONS_MAX = 3

# Values of any kind that JSON has.
Json = Any


class _Failed(Exception):
    """Grafana did not do what it was asked for."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.said)
        self.outcome = outcome


def tell_grafana(
    grafana: Grafana, document: Mapping[str, Json], timeout_s: float = TIMEOUT_S
) -> Outcome:
    """Makes the annotation of the deployment or brings it up to date."""
    try:
        api = _Api(grafana, timeout_s)
        wanted = annotation(grafana, document)
        found = api.find(own_tag(document))
        if found is None:
            made = api.ask("POST", "", wanted)
            return outcome_of(made, _made_id(made))
        kept: dict[str, Json] = {
            name: wanted[name] for name in ("text", "tags", "timeEnd") if name in wanted
        }
        return outcome_of(api.ask("PATCH", f"/{found}", kept), str(found))
    except _Failed as failed:
        return failed.outcome
    except TargetUnusable as error:
        return not_now(str(error))


def annotation(grafana: Grafana, document: Mapping[str, Json]) -> dict[str, Json]:
    """The body that makes it. Its text is HTML for Grafana, so what came from spans is escaped."""
    began = document["began_at"] or document["time"]
    body: dict[str, Json] = {
        "time": _milliseconds(began),
        "tags": _tags(grafana, document),
        "text": _text(document),
    }
    if document["verdict"] is not None and document["type"] != DEPLOYMENT:
        body["timeEnd"] = max(_milliseconds(document["time"]), body["time"])
    if grafana.dashboard_uid is not None:
        body["dashboardUID"] = grafana.dashboard_uid
    return body


def own_tag(document: Mapping[str, Json]) -> str:
    """The tag that only the annotation of this deployment has."""
    return f"deploylens:{document['deployment_key']}"


class _Api:
    """The requests, each with the token."""

    def __init__(self, grafana: Grafana, timeout_s: float) -> None:
        self._grafana, self._timeout_s = grafana, timeout_s
        self._url = grafana.place.read().rstrip("/") + "/api/annotations"
        token = grafana.token.read()
        if not token.isprintable() or " " in token:
            raise TargetUnusable(f"the token in {grafana.token} is not one word.")
        self._headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/json",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": f"deploylens/{program_version()}",
        }

    def find(self, tag: str) -> int | None:
        """The id of the annotation with this tag, None if there is none; raises _Failed."""
        asked = {"tags": tag, "type": "annotation", "limit": "1"}
        if self._grafana.dashboard_uid is not None:
            asked["dashboardUID"] = self._grafana.dashboard_uid
        reply = self.ask("GET", f"?{urlencode(asked)}")
        if not reply.is_good:
            raise _Failed(outcome_of(reply))
        found = _parsed(reply)
        if not isinstance(found, list):
            raise _Failed(Outcome(WAITING, "the answer is not Grafana's: no list of annotations"))
        ids = [one.get("id") for one in found if isinstance(one, dict)]
        return next((one for one in ids if type(one) is int), None)

    def ask(self, method: str, path: str, body: Mapping[str, Json] | None = None) -> Reply:
        """One request."""
        content = b"" if body is None else json.dumps(body).encode()
        url, ca_file = self._url + path, self._grafana.ca_file
        return exchange(Call(method, url, self._headers, content, ca_file), self._timeout_s)


def _made_id(reply: Reply) -> str | None:
    found = _parsed(reply) if reply.is_good else None
    return str(found["id"]) if isinstance(found, dict) and type(found.get("id")) is int else None


def _parsed(reply: Reply) -> Json:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _tags(grafana: Grafana, document: Mapping[str, Json]) -> list[str]:
    one = document["deployment"]
    named = {
        "service": one["service"],
        "version": one["version"],
        "environment": one["environment"],
        "verdict": document["verdict"],
    }
    told = [f"{name}:{shown(value)}" for name, value in named.items() if value]
    tags = ["deploylens", own_tag(document), *told, *grafana.tags]
    return [shortened(tag, _TAG_LENGTH_MAX) for tag in tags]


def _text(document: Mapping[str, Json]) -> str:
    one, verdict = document["deployment"], document["verdict"]
    where = f" in {one['environment']}" if one["environment"] else ""
    head = f"{one['service']} {one['version'] or ''}".strip() + where
    lines = [f"{head}: {verdict.replace('_', ' ')}" if verdict else f"{head} began"]
    lines += document["reasons"][:_REASONS_MAX]
    return "<br>".join(html.escape(shown(line)) for line in lines)


def _milliseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)
