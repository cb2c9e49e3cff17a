"""The deployments that may explain an incident: those that went out in its window, or shortly
before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.incident.passages import version_name
from analysis.verdict.subject import Place


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a deployment; the fields are columns of the query `deployments`, in minutes
    since 1970, UTC, where those are times. None is unknown."""

    place: Place
    first_seen: str | None
    last_seen: str | None
    first_minute: int | None
    last_minute: int | None
    marked_minute: int | None
    instances: int | None
    requests: int
    commit: str | None
    version_source: str | None
    strategy: str | None
    irreversible: bool


@dataclass(frozen=True, slots=True)
class Rival:
    """A deployment that went out: what is known of it, and the minute it began."""

    known: Known
    start: int

    @property
    def place(self) -> Place:
        """Its identity."""
        return self.known.place

    @property
    def name(self) -> str:
        """`service@version`."""
        return version_name(self.known.place)


def rivals_of(
    deployed: Sequence[Known], environment: str | None, since: int, until: int
) -> tuple[Rival, ...]:
    """Deployments of the environment that began in minutes `since` to `until`, the latest first.

    The first version of a service is no rival, for nothing was changed by it, unless somebody
    marked it.
    """
    here = [one for one in deployed if _is_here(one, environment)]
    found = []
    for one in here:
        start = _began(one, since, until)
        if start is not None and (one.marked_minute is not None or _has_other(one, here, start)):
            found.append(Rival(one, start))
    return tuple(sorted(found, key=lambda rival: (-rival.start, rival.name)))


def _is_here(one: Known, environment: str | None) -> bool:
    """Whether it is of the environment; one that was only marked may not say which."""
    of_any = one.first_minute is None and one.place.environment_name is None
    return of_any or one.place.environment_name == environment


def _began(one: Known, since: int, until: int) -> int | None:
    """The first of its signs that lies in the window: first traffic, or mark."""
    signs = (one.first_minute, one.marked_minute)
    return min((sign for sign in signs if sign is not None and since <= sign < until), default=None)


def _has_other(one: Known, here: Iterable[Known], start: int) -> bool:
    """Whether another deployment of the service was there before it, or began beside it."""
    return any(
        other.place.service_name == one.place.service_name
        and other.place.service_namespace == one.place.service_namespace
        and other.place != one.place
        and other.first_minute is not None
        and other.first_minute <= start
        for other in here
    )
