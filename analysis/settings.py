"""What the command line was told: by a flag, else the environment, else `deploylens.toml`, else the
default."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.suggestion import did_you_mean
from receiver.settings import API_PORT, GRPC_PORT, HTTP_PORT, Address, parse_address

FILE_NAME = "deploylens.toml"
FORMATS = ("table", "json", "csv", "jsonl", "markdown")

# What tomllib hands over before it is checked.
Toml = Any


class ConfigurationError(ValueError):
    """A setting that cannot be used; the message says where it was read and what is expected."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set: its flag, environment variable, key in the file, and default."""

    flag: str
    variable: str
    key: str
    default: str


SETTINGS = {
    "store": Setting("--store", "DEPLOYLENS_STORE", "store", "deploylens.duckdb"),
    "queries": Setting("--queries", "DEPLOYLENS_QUERIES", "queries", ""),
    "format": Setting("--format", "DEPLOYLENS_FORMAT", "format", "table"),
    "grpc": Setting("--grpc", "DEPLOYLENS_GRPC", "serve.grpc", f"127.0.0.1:{GRPC_PORT}"),
    "http": Setting("--http", "DEPLOYLENS_HTTP", "serve.http", f"127.0.0.1:{HTTP_PORT}"),
    "api": Setting("--api", "DEPLOYLENS_API", "serve.api", f"127.0.0.1:{API_PORT}"),
}


@dataclass(frozen=True, slots=True)
class Given:
    """A value and where it was read, for the error about it."""

    value: str | Sequence[str]
    origin: str


class Settings:
    """The settings of one invocation, each worked out and checked when it is asked for."""

    def __init__(
        self,
        flags: Mapping[str, str | Sequence[str]],
        environ: Mapping[str, str] = os.environ,
        folder: Path | None = None,
    ) -> None:
        """Hold the flags by setting name; the file is read from `folder`, else the current one."""
        self._flags, self._environ = flags, environ
        self._file = read_file((folder or Path.cwd()) / FILE_NAME)

    @property
    def store(self) -> Path:
        """The store file."""
        given = self._given("store")
        if not given.value:
            raise ConfigurationError(f"{given.origin} names no file. It is the path of the store.")
        return Path(_text(given)).expanduser()

    @property
    def query_folders(self) -> list[Path]:
        """The folders of saved queries that were named, besides the usual ones."""
        value = self._given("queries").value
        names = [n for n in value.split(os.pathsep) if n] if isinstance(value, str) else value
        return [Path(name).expanduser() for name in names]

    @property
    def format(self) -> str:
        """How rows are written: one of FORMATS."""
        given = self._given("format")
        text = _text(given)
        if text not in FORMATS:
            hint = did_you_mean(text, FORMATS)
            raise ConfigurationError(
                f"{given.origin} is {text!r}.{hint} It is one of {', '.join(FORMATS)}."
            )
        return text

    def address(self, name: str) -> Address:
        """Where to listen: `grpc`, `http` or `api`."""
        given = self._given(name)
        try:
            return parse_address(_text(given))
        except ValueError as error:
            raise ConfigurationError(f"{given.origin}: {error}.") from None

    def address_or_off(self, name: str) -> Address | None:
        """Where to listen, None when it was set to `off`."""
        return None if self._given(name).value == "off" else self.address(name)

    def _given(self, name: str) -> Given:
        setting = SETTINGS[name]
        if self._flags.get(name):
            return Given(self._flags[name], setting.flag)
        if self._environ.get(setting.variable):
            return Given(self._environ[setting.variable], setting.variable)
        if setting.key in self._file:
            return Given(self._file[setting.key], f"{FILE_NAME}: {setting.key}")
        return Given(setting.default, f"the default of {setting.flag}")


def read_file(path: Path) -> dict[str, str | list[str]]:
    """The settings in the file by dotted key, none without a file; raises ConfigurationError."""
    if not path.is_file():
        return {}
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None
    settings = _flat(content)
    known = [setting.key for setting in SETTINGS.values()]
    for key, value in settings.items():
        if key not in known:
            raise ConfigurationError(
                f"{path} has an unknown key {key!r}.{did_you_mean(key, known)}"
                f" It may have: {', '.join(known)}."
            )
        _check_type(path, key, value)
    return settings


def _flat(table: Mapping[str, Toml], prefix: str = "") -> dict[str, Toml]:
    flat: dict[str, Toml] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _check_type(path: Path, key: str, value: Toml) -> None:
    texts = value if key == "queries" and isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        expected = "a list of texts" if key == "queries" else "a text"
        raise ConfigurationError(f"{path}: {key} is {value!r}, which is not {expected}.")


def _text(given: Given) -> str:
    if not isinstance(given.value, str):
        raise ConfigurationError(f"{given.origin} is a list; one value is expected.")
    return given.value
