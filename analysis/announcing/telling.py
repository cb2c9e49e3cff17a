"""Tells a target, of whichever kind, of an event; and whether it is set so that it can be told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from analysis.announcing.body import BodyRefused
from analysis.announcing.event import Event, trial_event
from analysis.announcing.exchange import TIMEOUT_S
from analysis.announcing.grafana_call import tell_grafana
from analysis.announcing.outcome import Outcome
from analysis.announcing.targets import DEPLOYMENT, Target, Targets, TargetUnusable, Webhook
from analysis.announcing.webhook_call import tell_webhook, webhook_call
from analysis.settings_file import ConfigurationError

# Values of any kind that JSON has.
Json = Any


@dataclass(frozen=True, slots=True)
class Unusable:
    """A target that cannot be told anything, and why; no secret is in it."""

    target: str
    reason: str


def attempt_at(
    target: Target, document: Mapping[str, Json], timeout_s: float = TIMEOUT_S
) -> Outcome:
    """What came of it."""
    if isinstance(target, Webhook):
        return tell_webhook(target, document, timeout_s)
    return tell_grafana(target, document, timeout_s)


def unusable(targets: Targets) -> Iterator[Unusable]:
    """The targets whose secrets, addresses, templates or files cannot be used; sends nothing."""
    for target in targets.all:
        try:
            if isinstance(target, Webhook):
                for event in _trials(target):
                    webhook_call(target, event.document(), 0)
            else:
                target.place.read()
                target.token.read()
            if target.ca_file is not None and not target.ca_file.is_file():
                raise TargetUnusable(f"ca_file {target.ca_file} is not a file.")
        except (TargetUnusable, BodyRefused) as error:
            yield Unusable(target.name, str(error))


def _trials(webhook: Webhook) -> Iterator[Event]:
    """Events as the target is to hear of: one with a verdict, and one without any yet. A template
    that can write one may not be able to write the other."""
    tried = trial_event(datetime.now(UTC), "")
    yield tried
    if DEPLOYMENT in webhook.wanted.events:
        yield replace(tried, type=DEPLOYMENT, verdict=None, gate=None, reasons=())


def check_usable(targets: Targets) -> None:
    """Raises ConfigurationError for the first target that is not usable."""
    for found in unusable(targets):
        raise ConfigurationError(f"target {found.target}: {found.reason}")
