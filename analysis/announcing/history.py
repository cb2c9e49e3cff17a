"""What was announced of each deployment, so that nothing is announced twice."""

from collections.abc import Iterable
from dataclasses import astuple

from analysis.announcing.event import Identity
from analysis.announcing.targets import DEPLOYMENT, VERDICT
from analysis.verdict.check import Verdict
from receiver.storage.announcements import Announced


class History:
    """The events that the store remembers, the earliest first."""

    def __init__(self, events: Iterable[Announced]) -> None:
        """Sorts them by deployment."""
        self._of: dict[Identity, list[Announced]] = {}
        self._claimed: set[str] = set()
        self._by_id: dict[str, Announced] = {}
        for event in events:
            self.add(event)

    def add(self, event: Announced) -> None:
        """One more was announced."""
        self._of.setdefault(identity_of(event), []).append(event)
        self._by_id[event.event_id] = event
        if event.announced_as is not None:
            self._claimed.add(event.announced_as)

    def began(self, identity: Identity) -> bool:
        """Whether it was announced that this deployment began."""
        return any(event.event_type == DEPLOYMENT for event in self._of.get(identity, ()))

    def open_mark(self, identity: Identity) -> str | None:
        """The event by which this deployment was announced before it sent anything: a mark leaves
        out what is not known then. Each such event stands for one deployment; None: there is none
        left."""
        for marked, events in self._of.items():
            if marked == identity or not _agrees(marked, identity):
                continue
            for event in events:
                said = event.event_type == DEPLOYMENT and event.announced_as is None
                if said and event.event_id not in self._claimed:
                    return event.event_id
        return None

    def first_identity(self, identity: Identity) -> Identity:
        """The name under which the deployment was announced: that of its mark, where it was marked
        before it sent anything."""
        for event in self._of.get(identity, ()):
            if event.announced_as in self._by_id:
                return identity_of(self._by_id[event.announced_as])
        return identity

    def verdict(self, identity: Identity) -> Verdict | None:
        """The verdict that was announced last; None before the first."""
        found = self._verdicts(identity)
        return Verdict(found[-1]) if found else None

    def changes(self, identity: Identity) -> int:
        """How many verdicts were announced."""
        return len(self._verdicts(identity))

    def _verdicts(self, identity: Identity) -> list[str]:
        names = dict.fromkeys((self.first_identity(identity), identity))
        return [
            event.verdict
            for name in names
            for event in self._of.get(name, ())
            if event.event_type == VERDICT and event.verdict is not None
        ]


def identity_of(event: Announced) -> Identity:
    """The deployment that an event is about."""
    return Identity(
        event.service_namespace,
        event.service_name,
        event.service_version,
        event.environment_name,
        event.deployment_id,
    )


def _agrees(marked: Identity, seen: Identity) -> bool:
    """Whether a mark does not contradict what was seen: what it leaves out matches all."""
    pairs = zip(astuple(marked), astuple(seen), strict=True)
    return all(said is None or said == found for said, found in pairs)
