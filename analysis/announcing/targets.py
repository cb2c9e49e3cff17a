"""Where announcements go: webhooks and Grafana, as they are configured. Nothing here is a secret,
only where each secret is read."""

import fnmatch
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

DEPLOYMENT, VERDICT, TEST = "deployment.began", "verdict.changed", "test"
# The words of the settings for what a target may be told of.
EVENTS = {"deployment": DEPLOYMENT, "verdict": VERDICT}
_SECRET_BYTES_MAX = 16_384


class TargetUnusable(Exception):
    """A secret, template or file of a target cannot be used; the message names no secret."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret text is read: an environment variable or a file, each time anew."""

    variable: str | None = None
    file: Path | None = None

    def read(self) -> str:
        """The text without blank ends; raises TargetUnusable when there is none."""
        text = os.environ.get(self.variable, "") if self.variable else self._from_file()
        if not text.strip():
            raise TargetUnusable(f"{self} is empty or not set.")
        return text.strip()

    def _from_file(self) -> str:
        assert self.file is not None  # one of both is always set
        try:
            with self.file.open("rb") as opened:
                content = opened.read(_SECRET_BYTES_MAX + 1)
        except OSError as error:
            raise TargetUnusable(f"{self} cannot be read: {error.strerror}.") from None
        if len(content) > _SECRET_BYTES_MAX:
            raise TargetUnusable(f"{self} has more than {_SECRET_BYTES_MAX} bytes.")
        try:
            return content.decode("ascii")
        except UnicodeDecodeError:
            raise TargetUnusable(f"{self} holds something else than ASCII text.") from None

    def __str__(self) -> str:
        """Where it is read, never what."""
        return f"variable {self.variable}" if self.variable else f"file {self.file}"


@dataclass(frozen=True, slots=True)
class Place:
    """The address of a target: in the settings, or a secret of its own."""

    url: str = field(default="", repr=False)
    secret: Secret | None = None

    def read(self) -> str:
        """The address; raises TargetUnusable for one that is not to be asked."""
        url = self.url if self.secret is None else self.secret.read()
        reason = unusable_url(url)
        if reason:
            raise TargetUnusable(f"{self.secret or 'url'} {reason}")
        return url


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a target is told of: types of events, and globs of services and environments."""

    events: tuple[str, ...] = (DEPLOYMENT, VERDICT)
    services: tuple[str, ...] = ("*",)
    environments: tuple[str, ...] = ("*",)

    def fits(self, event_type: str, service: str, environment: str | None) -> bool:
        """Whether the target is to hear of it; an unknown environment fits only `*`."""
        return (
            event_type in self.events
            and any(fnmatch.fnmatchcase(service, glob) for glob in self.services)
            and any(fnmatch.fnmatchcase(environment or "", glob) for glob in self.environments)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A target that is sent a signed POST. `secret` signs, `template` makes the body."""

    name: str
    place: Place
    wanted: Wanted = Wanted()
    secret: Secret | None = None
    template: Path | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_headers: Mapping[str, Secret] = field(default_factory=dict)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grafana:
    """A Grafana that gets one annotation for each deployment."""

    name: str
    place: Place
    token: Secret
    wanted: Wanted = Wanted()
    dashboard_uid: str | None = None
    tags: tuple[str, ...] = ()
    ca_file: Path | None = None


Target = Webhook | Grafana


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets that are configured."""

    all: tuple[Target, ...] = ()

    def that_want(self, event_type: str, service: str, environment: str | None) -> tuple[str, ...]:
        """The names of those that are to hear of this."""
        return tuple(
            one.name for one in self.all if one.wanted.fits(event_type, service, environment)
        )


def unusable_url(url: str) -> str | None:
    """Why nothing is sent to this address, without repeating it; None when it can be."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "is not a URL."
    if parts.scheme not in ("http", "https"):
        return "does not begin with http:// or https://."
    if "@" in parts.netloc:
        return "holds a user name or a password. Use a header, read from the environment or a file."
    if not host or not url.isascii() or not url.isprintable() or " " in url or parts.fragment:
        return "is not a whole URL without blanks and fragment, as https://host/path."
    return None
