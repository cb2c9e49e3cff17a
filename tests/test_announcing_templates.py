"""The examples for Slack and Teams: valid JSON in which text of spans is nothing but text."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analysis.announcing.body import body_of, read_template
from analysis.announcing.event import Event, trial_event
from analysis.announcing.targets import Place, Webhook
from analysis.verdict.check import Gate, Verdict
from tests.served import ROOT

FOLDER = ROOT / "examples" / "webhooks"
HOSTILE = (
    'a"}], "x": [{" <!channel> <@U1> <https://evil.example|click> *b* \x1b[2J\u202e\n<at>x</at>'
)


def event(service: str = "shop", reasons: tuple[str, ...] = ("it fails",)) -> Event:
    """A verdict about a service."""
    told = trial_event(datetime.now(UTC), "")
    deployment = replace(told.deployment, service=service, environment=service)
    return replace(
        told, deployment=deployment, verdict=Verdict.ROLL_BACK, gate=Gate.FAIL, reasons=reasons
    )


def rendered(template: Path, told: Event) -> Any:  # Any: whatever the template makes
    """The body, parsed."""
    hook = Webhook(name="x", place=Place("http://127.0.0.1/"), template=template)
    return json.loads(body_of(hook, read_template(hook), told.document()))


def texts(value: Any) -> list[str]:  # Any: parsed JSON
    """Every text in a document."""
    if isinstance(value, str):
        return [value]
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for one in below for text in texts(one)]


def shape(value: Any) -> Any:  # Any: parsed JSON
    """The document without its texts."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return [shape(one) for one in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("name", ["slack.json.j2", "teams.json.j2"])
def test_hostile_text_stays_text(name: str) -> None:
    """No text of a span changes the shape of a message, ends a line or turns the writing."""
    plain, hostile = (
        rendered(FOLDER / name, event()),
        rendered(FOLDER / name, event(HOSTILE, (HOSTILE,))),
    )
    assert shape(plain) == shape(hostile)
    assert any("roll back" in text for text in texts(plain))
    assert any("it fails" in text for text in texts(plain))
    for text in texts(hostile):
        assert text.isprintable()


def test_slack_sees_no_mention() -> None:
    """What begins a mention or a link for Slack is escaped, and formatting is off."""
    message = rendered(FOLDER / "slack.json.j2", event(HOSTILE, (HOSTILE,)))
    assert all("<" not in text and ">" not in text for text in texts(message))
    assert any("&lt;!channel&gt;" in text for text in texts(message))
    assert message["mrkdwn"] is False
    kinds = {block["text"]["type"] for block in message["blocks"] if "text" in block}
    kinds |= {one["type"] for block in message["blocks"] for one in block.get("elements", ())}
    assert kinds == {"plain_text"}


def test_teams_sees_no_markdown() -> None:
    """A Teams message has only text that knows no Markdown, and nobody is mentioned."""
    message = rendered(FOLDER / "teams.json.j2", event(HOSTILE, (HOSTILE,)))
    card = message["attachments"][0]["content"]
    assert {one["type"] for one in card["body"]} == {"RichTextBlock"}
    runs = [run for one in card["body"] for run in one["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}
    assert "msteams" not in card


def test_values_are_json_by_themselves(tmp_path: Path) -> None:
    """A template needs no filter for its values to be JSON; in plain text they are text."""
    path = tmp_path / "t.j2"
    path.write_text('{"a": {{ event.deployment.service }}, "b": {{ event.mark }}}')
    assert rendered(path, event('q"uote')) == {"a": 'q"uote', "b": None}
    path.write_text("{{ event.deployment.service }} {{ event.verdict }}")
    hook = Webhook(name="x", place=Place(""), template=path, content_type="text/plain")
    assert body_of(hook, read_template(hook), event().document()) == b"shop roll_back"
