"""`SERVICE@VERSION` as people write it, and the deployment it names.

Both parts may hold an `@`: `@acme/shop@1.4.0` is a scoped package, `shop@repo@sha256:…` an image.
So every way to split is tried, and the one that the store knows is meant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.empty_states import NothingStored
from analysis.exit_code import CommandFailed, UsageRefused
from analysis.safe_text import shortened, shown
from analysis.suggestion import did_you_mean

_LISTED_MAX = 8
_NAME_LENGTH_MAX = 80


@dataclass(frozen=True, slots=True)
class DeploymentName:
    """A version of a service; the empty version is that of spans which carry none."""

    service: str
    version: str

    def __str__(self) -> str:
        """As it is written on a command line."""
        return f"{self.service}@{self.version}"


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the store knows a deployment by; the fields are columns of the query `deployments`."""

    service_name: str | None
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None

    @property
    def version(self) -> str:
        """The version, empty when none is known."""
        return self.service_version or ""

    @property
    def name(self) -> DeploymentName:
        """Service and version."""
        return DeploymentName(str(self.service_name), self.version)


def named_deployment(text: str, known: Sequence[DeploymentName]) -> DeploymentName:
    """The known deployment that is meant; raises CommandFailed or UsageRefused: what there is."""
    splits = [
        DeploymentName(text[:at], text[at + 1 :])
        for at, character in enumerate(text)
        if character == "@" and at
    ]
    for name in reversed(splits):
        if name in known:
            return name
    if not splits:
        versions = [str(name) for name in known if name.service == text]
        hint = f" Stored: {listed(versions)}." if versions else ""
        raise UsageRefused(f"{cut(text)!r} is not SERVICE@VERSION, for example shop@1.4.0.{hint}")
    raise CommandFailed(unknown_deployment(_best_split(splits, known), known))


def unknown_deployment(name: DeploymentName, known: Sequence[DeploymentName]) -> str:
    """Why there is no such deployment, and what there is; raises NothingStored."""
    if not known:
        raise NothingStored
    versions = [other.version for other in known if other.service == name.service]
    if versions:
        hint = did_you_mean(name.version, versions)
        words = listed(version or "'' (spans without one)" for version in versions)
        service, version = cut(name.service), cut(name.version)
        return f"{service} has no version {version!r}.{hint} Its versions: {words}."
    services = list(dict.fromkeys(other.service for other in known))
    hint = did_you_mean(name.service, services)
    return f"no service {cut(name.service)!r} is stored.{hint} There are: {listed(services)}."


def listed(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _LISTED_MAX
    rest = f" and {more} more ('deploylens deployments' lists them)" if more > 0 else ""
    return ", ".join(cut(name) for name in distinct[:_LISTED_MAX]) + rest


def cut(name: str) -> str:
    """A name within an error, on one line; a sender may have made it very long."""
    return shortened(shown(name), _NAME_LENGTH_MAX)


def _best_split(
    splits: Sequence[DeploymentName], known: Sequence[DeploymentName]
) -> DeploymentName:
    """The split whose service is known, else the last: versions hold an `@` less often."""
    services = {name.service for name in known}
    return next((name for name in splits if name.service in services), splits[-1])
