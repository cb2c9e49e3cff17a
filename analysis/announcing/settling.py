"""Which changes are worth announcing: pure rules over one look at a deployment after another."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analysis.announcing.event import Event, Identity, Mark, deployment_event, key_of, verdict_event
from analysis.announcing.history import History
from analysis.verdict.check import Check, CheckedDeployment, Verdict

# News of a beginning is none after this.
BEGAN_MAX = timedelta(hours=1)
LOOKS_TO_SETTLE = 2
# A round that has no time for all looks at some later; what is not seen for so long is over.
REMEMBERED_MAX = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a deployment.

    `began_at` is the earlier of its first traffic and its mark, in RFC 3339 and as a moment.
    `first_of_service`: no other deployment of the service is known in this environment.
    """

    identity: Identity
    check: Check
    mark: Mark | None
    began_at: str
    began: datetime
    first_of_service: bool

    @property
    def deployment(self) -> CheckedDeployment:
        """The deployment as the check has it, under the name that the store knows it by."""
        one = self.identity
        return replace(
            self.check.deployment,
            namespace=one.namespace,
            version=one.version,
            environment=one.environment,
            deployment_id=one.deployment_id,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """Events to announce, and the id of the one that had announced the deployment already."""

    events: tuple[Event, ...] = ()
    announced_as: str | None = None


class Settling:
    """Remembers which new verdicts were seen once, for one that flaps is not announced each time.

    A verdict is announced when it holds for two looks; roll_back at once. Of not_enough_data only a
    return is announced: every deployment begins with it.
    """

    def __init__(self) -> None:
        """Nothing was seen yet; after a restart a change is seen anew."""
        self._new: dict[Identity, tuple[Verdict, int, datetime]] = {}

    def found(self, seen: Seen, history: History, now: datetime) -> Found:
        """What this look adds to what was announced."""
        key = key_of(history.first_identity(seen.identity))
        beginning = deployment_event(seen.deployment, key, seen.began_at, seen.mark, now)
        if self._is_news(seen, history, now):
            marked = history.open_mark(seen.identity)
            if marked is not None:
                return Found((beginning,), marked)
            events = [beginning]
        else:
            events = []
        if self._settled(seen, history, now):
            previous, number = history.verdict(seen.identity), history.changes(seen.identity)
            events.append(verdict_event(beginning, seen.check, previous, number))
        return Found(tuple(events))

    def forget_old(self, now: datetime) -> None:
        """What is not looked at any more."""
        self._new = {one: new for one, new in self._new.items() if now - new[-1] <= REMEMBERED_MAX}

    def _is_news(self, seen: Seen, history: History, now: datetime) -> bool:
        """The first version that a service is seen with was not deployed then, for all we know."""
        if now - seen.began > BEGAN_MAX or history.began(seen.identity):
            return False
        return seen.mark is not None or not seen.first_of_service

    def _settled(self, seen: Seen, history: History, now: datetime) -> bool:
        verdict, before = seen.check.verdict, history.verdict(seen.identity)
        if verdict == (before or Verdict.NOT_ENOUGH_DATA):
            self._new.pop(seen.identity, None)
            return False
        last, looks, _when = self._new.get(seen.identity, (verdict, 0, now))
        looks = looks + 1 if last == verdict else 1
        if verdict is not Verdict.ROLL_BACK and looks < LOOKS_TO_SETTLE:
            self._new[seen.identity] = verdict, looks, now
            return False
        self._new.pop(seen.identity, None)
        return True
