"""Where announcements go, in `deploylens.toml`: tables `[[webhooks]]` and `[grafana]`."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analysis.announcing.targets import EVENTS, Grafana, Place, Secret, Targets, Wanted, Webhook
from analysis.announcing.targets import unusable_url as unusable
from analysis.known_settings import GRAFANA, WEBHOOKS
from analysis.suggestion import did_you_mean

_TARGETS_MAX = 20
_PLACE = ("url", "url_env", "url_file")
_WANTED = ("events", "services", "environments")
_WEBHOOK = (
    *("name", *_PLACE, *_WANTED, "secret_env", "secret_file", "template", "content_type"),
    *("headers", "headers_env", "ca_file"),
)
_GRAFANA = (
    *("name", *_PLACE, *_WANTED, "token_env", "token_file", "dashboard_uid", "tags", "ca_file"),
)
_LISTS = (*_WANTED, "tags")
_TABLES = ("headers", "headers_env")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Names that HTTP or the signature needs.
_TAKEN = {"host", "content-length", "content-type", "transfer-encoding", "connection"}
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "x-api-key"}
_NEVER_PLAIN = {"secret": "secret_env or secret_file", "token": "token_env or token_file"}

# What tomllib hands over before it is checked.
Toml = Any


class TargetsError(ValueError):
    """Targets that cannot be used; the message says which and what is expected."""


def targets_from(webhooks: Toml, grafana: Toml, folder: Path) -> Targets:
    """The targets of both tables; paths are taken from `folder`. Raises TargetsError."""
    if not isinstance(webhooks, list) or not all(isinstance(one, Mapping) for one in webhooks):
        raise TargetsError(f"{WEBHOOKS} is not a list of tables: write [[{WEBHOOKS}]].")
    if not isinstance(grafana, Mapping):
        raise TargetsError(f"{GRAFANA} is not a table: write [{GRAFANA}].")
    found: list[Webhook | Grafana] = [
        _webhook(_Table(one, f"webhook {at} of [[{WEBHOOKS}]]", _WEBHOOK, folder))
        for at, one in enumerate(webhooks, start=1)
    ]
    if grafana:
        found.append(_grafana(_Table(grafana, f"[{GRAFANA}]", _GRAFANA, folder)))
    if len(found) > _TARGETS_MAX:
        raise TargetsError(f"{len(found)} targets are named; at most {_TARGETS_MAX} are served.")
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise TargetsError(
                f"two targets are called {name!r}, or go to the same address. Give each of them a"
                ' name of its own: name = "shop-team".'
            )
    return Targets(tuple(found))


class _Table:
    """One table, of which every key is known and every value of its type."""

    def __init__(
        self, table: Mapping[str, Toml], where: str, known: tuple[str, ...], folder: Path
    ) -> None:
        self._table, self.where, self._folder = table, where, folder
        for key, value in table.items():
            if key in _NEVER_PLAIN and f"{key}_env" in known:
                raise TargetsError(
                    f"{where} has a {key}. None is read from this file: name {_NEVER_PLAIN[key]}."
                )
            if key not in known:
                raise TargetsError(
                    f"{where} has an unknown key {key!r}.{did_you_mean(key, known)}"
                    f" It may have: {', '.join(known)}."
                )
            self._check(key, value)

    def _check(self, key: str, value: Toml) -> None:
        if key in _LISTS:
            fits = isinstance(value, list) and value and all(_is_text(one) for one in value)
            expected = "a list of texts"
        elif key in _TABLES:
            fits = isinstance(value, Mapping) and all(_is_text(one) for one in value.values())
            expected = "a table of texts"
        else:
            fits, expected = _is_text(value), "a text on one line"
        if not fits:  # the value may be a secret in the wrong place
            raise TargetsError(f"{self.where}: {key} is not {expected}.")

    def text(self, key: str) -> str | None:
        return self._table.get(key)

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._table.get(key, default))

    def pairs(self, key: str) -> Mapping[str, str]:
        return dict(self._table.get(key, {}))

    def path(self, key: str) -> Path | None:
        text = self.text(key)
        return None if text is None else self._folder / Path(text).expanduser()

    def secret(self, name: str) -> Secret | None:
        variable, file = self.text(f"{name}_env"), self.path(f"{name}_file")
        if variable and file:
            raise TargetsError(f"{self.where}: name {name}_env or {name}_file, not both.")
        return Secret(variable, file) if variable or file else None


def _webhook(table: _Table) -> Webhook:
    place = _place(table)
    headers, secret_headers = table.pairs("headers"), table.pairs("headers_env")
    for name in (*headers, *secret_headers):
        _check_header(table, name, name in headers)
    content_type = table.text("content_type") or "application/json"
    if not re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+(; ?charset=utf-8)?", content_type, re.I):
        raise TargetsError(
            f"{table.where}: content_type is {content_type!r}, not one as text/plain."
        )
    return Webhook(
        name=_name(table, place),
        place=place,
        wanted=_wanted(table),
        secret=table.secret("secret"),
        template=table.path("template"),
        content_type=content_type,
        headers=headers,
        secret_headers={name: Secret(variable) for name, variable in secret_headers.items()},
        ca_file=table.path("ca_file"),
    )


def _grafana(table: _Table) -> Grafana:
    token = table.secret("token")
    if token is None:
        raise TargetsError(
            f"{table.where} has no token: name token_env or token_file, for that of a service"
            " account that may read, create and write annotations."
        )
    place = _place(table)
    return Grafana(
        name=_name(table, place, GRAFANA),
        place=place,
        token=token,
        wanted=_wanted(table),
        dashboard_uid=table.text("dashboard_uid"),
        tags=table.texts("tags", ()),
        ca_file=table.path("ca_file"),
    )


def _place(table: _Table) -> Place:
    url, secret = table.text("url"), table.secret("url")
    if (url is None) == (secret is None):
        raise TargetsError(
            f"{table.where} needs one of {', '.join(_PLACE)}: where to send. An address that is"
            " itself a secret, as Slack's, belongs into the environment or a file."
        )
    reason = None if url is None else unusable(url)
    if reason:
        raise TargetsError(f"{table.where}: its url {reason}")
    return Place(url or "", secret)


def _wanted(table: _Table) -> Wanted:
    words = table.texts("events", tuple(EVENTS))
    for word in words:
        if word not in EVENTS:
            raise TargetsError(
                f"{table.where}: events has {word!r}.{did_you_mean(word, EVENTS)}"
                f" They are: {', '.join(EVENTS)}."
            )
    return Wanted(
        tuple(EVENTS[word] for word in words),
        table.texts("services", ("*",)),
        table.texts("environments", ("*",)),
    )


def _name(table: _Table, place: Place, default: str | None = None) -> str:
    """The name it was given, else one that stays the same while its address does."""
    given = table.text("name") or default
    if given is None:
        source = place.url or str(place.secret)
        host = urlsplit(place.url).hostname or "webhook"
        given = f"{host[:48]}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    given = given.replace(":", "_") if table.text("name") is None else given
    if not _NAME.fullmatch(given):
        raise TargetsError(
            f"{table.where}: its name has something else than letters, digits, . _ and -, or more"
            " than 64 of them."
        )
    return given


def _check_header(table: _Table, name: str, plain: bool) -> None:
    lower = name.lower()
    if not _HEADER.fullmatch(name) or lower in _TAKEN or lower.startswith("webhook-"):
        raise TargetsError(f"{table.where}: header {name!r} cannot be set.")
    if plain and lower in _SECRET_HEADERS:
        raise TargetsError(
            f"{table.where}: header {name!r} is a secret: name the variable that holds it under"
            " headers_env."
        )


def _is_text(value: Toml) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()
