"""One thing worth telling the outside, and the JSON that tells it: schema version 1."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from analysis.announcing.targets import DEPLOYMENT, TEST, VERDICT
from analysis.check.check_json import plain
from analysis.formats.json_rows import json_text
from analysis.safe_text import shortened
from analysis.verdict.check import Check, CheckedDeployment, FailureRate, Gate, Onset, Verdict
from receiver.storage.announcements import Announcement

SCHEMA_VERSION = 1
_TEXT_LENGTH_MAX = 500
_REASONS_MAX = 10

# Values of any kind that JSON has.
Json = Any


@dataclass(frozen=True, slots=True)
class Identity:
    """Which deployment; None is unknown."""

    namespace: str | None
    service: str
    version: str | None
    environment: str | None
    deployment_id: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person or pipeline said of a deployment; `marked_at` is RFC 3339."""

    marked_at: str
    strategy: str | None
    irreversible: bool | None


@dataclass(frozen=True, slots=True)
class Event:
    """What is told. The fields are those of the JSON, in their order, but that `schema_version`
    comes first; docs/webhooks.md tells what each holds."""

    id: str
    type: str
    time: str
    deployment_key: str
    deployment: CheckedDeployment
    began_at: str | None
    mark: Mark | None
    verdict: Verdict | None
    previous_verdict: Verdict | None
    gate: Gate | None
    reasons: tuple[str, ...]
    failure_rate: FailureRate | None
    onset: Onset | None

    @property
    def identity(self) -> Identity:
        """The deployment it is about."""
        one = self.deployment
        return Identity(one.namespace, one.service, one.version, one.environment, one.deployment_id)

    def document(self) -> dict[str, Json]:
        """The event as plain JSON: every field, null when unknown; long texts are cut."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["reasons"] = self.reasons[:_REASONS_MAX]
        return {"schema_version": SCHEMA_VERSION, **{k: _cut(plain(v)) for k, v in fields.items()}}

    def row(
        self, targets: tuple[str, ...], now_unix_nano: int, announced_as: str | None = None
    ) -> Announcement:
        """What the store keeps of it."""
        identity = self.identity
        return Announcement(
            event_id=self.id,
            event_type=self.type,
            service_namespace=identity.namespace,
            service_name=identity.service,
            service_version=identity.version,
            environment_name=identity.environment,
            deployment_id=identity.deployment_id,
            verdict=self.verdict.value if self.verdict else None,
            announced_as=announced_as,
            event_data=json_text(self.document()),
            announced_at_unix_nano=now_unix_nano,
            targets=targets,
        )


def hashed(*facts: object) -> str:
    """A short text that stands for these facts and tells nothing of them."""
    return hashlib.sha256(json.dumps([*map(str, facts)]).encode()).hexdigest()[:32]


def key_of(identity: Identity) -> str:
    """What all events of a deployment have in common."""
    return f"dep_{hashed(*astuple(identity))[:16]}"


def deployment_event(
    deployment: CheckedDeployment, key: str, began_at: str, mark: Mark | None, now: datetime
) -> Event:
    """That a deployment began. Its id is the same whenever the same beginning is found again."""
    return Event(
        id=f"evt_{hashed(DEPLOYMENT, key, began_at)}",
        type=DEPLOYMENT,
        time=_time(now),
        deployment_key=key,
        deployment=deployment,
        began_at=began_at,
        mark=mark,
        verdict=None,
        previous_verdict=None,
        gate=None,
        reasons=(),
        failure_rate=None,
        onset=None,
    )


def verdict_event(beginning: Event, check: Check, previous: Verdict | None, number: int) -> Event:
    """That the verdict on a deployment, of which `beginning` tells, changed; `number` counts its
    changes, so that the id is the same whenever the same change is found again."""
    return replace(
        beginning,
        id=f"evt_{hashed(VERDICT, beginning.deployment_key, number, check.verdict)}",
        type=VERDICT,
        verdict=check.verdict,
        previous_verdict=previous,
        gate=check.gate,
        reasons=check.reasons,
        failure_rate=check.failure_rate,
        onset=check.onset,
    )


def trial_event(now: datetime, nonce: str) -> Event:
    """An invented event, to try targets with: type `test`, service `deploylens-test`."""
    identity = Identity(None, "deploylens-test", "1.0.0", "test", None)
    deployment = CheckedDeployment(
        service=identity.service,
        namespace=None,
        version=identity.version,
        environment=identity.environment,
        deployment_id=None,
        first_seen=_time(now),
        last_seen=_time(now),
        instances=1,
        requests=0,
        commit=None,
        version_source=None,
    )
    beginning = deployment_event(deployment, key_of(identity), _time(now), None, now)
    return replace(
        beginning,
        id=f"evt_{hashed(TEST, nonce)}",
        type=TEST,
        verdict=Verdict.NOT_ENOUGH_DATA,
        gate=Gate.WAIT,
        reasons=("this is a test: nothing was deployed and nothing is wrong",),
    )


def _time(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cut(value: Json) -> Json:
    if isinstance(value, str):
        return shortened(value, _TEXT_LENGTH_MAX)
    if isinstance(value, list):
        return [_cut(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _cut(one) for name, one in value.items()}
    return value
