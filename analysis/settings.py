"""What the command line was told: by a flag, else the environment, else `deploylens.toml`, else the
default."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.byte_size import parse_byte_size
from analysis.duration import parse_duration_s
from analysis.grouping_settings import TABLE as GROUPING_TABLE
from analysis.grouping_settings import RulesError, grouping_rules
from analysis.suggestion import did_you_mean
from receiver.fingerprints.rules import GroupingRules
from receiver.flatten.redaction_rules import REDACTION_MODES, RedactionRules
from receiver.monitoring.log_words import LOG_FORMATS, LOG_LEVELS
from receiver.settings import API_PORT, GRPC_PORT, HTTP_PORT, Address, parse_address, parse_origin
from receiver.storage.disk_limits import DISK_BYTES_MIN, RETENTION_MIN_S

FILE_NAME = "deploylens.toml"
# gRPC counts in 32 bits, and every message is held in memory.
MESSAGE_BYTES_MOST = 1024**3
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
    "max_request_bytes": Setting(
        "--max-request-bytes", "DEPLOYLENS_MAX_REQUEST_BYTES", "serve.max_request_bytes", "64MiB"
    ),
    "max_queue_bytes": Setting(
        "--max-queue-bytes", "DEPLOYLENS_MAX_QUEUE_BYTES", "serve.max_queue_bytes", "96MiB"
    ),
    "max_response_bytes": Setting(
        "--max-response-bytes", "DEPLOYLENS_MAX_RESPONSE_BYTES", "serve.max_response_bytes", "4MiB"
    ),
    "retention": Setting("--retention", "DEPLOYLENS_RETENTION", "serve.retention", ""),
    "max_disk": Setting("--max-disk", "DEPLOYLENS_MAX_DISK", "serve.max_disk", ""),
    "log_format": Setting("--log-format", "DEPLOYLENS_LOG_FORMAT", "serve.log_format", "text"),
    "log_level": Setting("--log-level", "DEPLOYLENS_LOG_LEVEL", "serve.log_level", "info"),
    "api_key_file": Setting("--api-key-file", "DEPLOYLENS_API_KEY_FILE", "serve.api_key_file", ""),
    "tls_cert": Setting("--tls-cert", "DEPLOYLENS_TLS_CERT", "serve.tls_cert", ""),
    "tls_key": Setting("--tls-key", "DEPLOYLENS_TLS_KEY", "serve.tls_key", ""),
    "tls_client_ca": Setting(
        "--tls-client-ca", "DEPLOYLENS_TLS_CLIENT_CA", "serve.tls_client_ca", ""
    ),
    "redact": Setting("--redact", "DEPLOYLENS_REDACT", "serve.redact.mode", "drop"),
    "redact_key": Setting("--redact-key", "DEPLOYLENS_REDACT_KEYS", "serve.redact.keys", ""),
    "keep_key": Setting("--keep-key", "DEPLOYLENS_KEEP_KEYS", "serve.redact.keep", ""),
    "cors_origin": Setting("--cors-origin", "DEPLOYLENS_CORS_ORIGINS", "serve.cors_origins", ""),
}

# What the file may hold as a list of texts.
LISTS = frozenset({"queries", "serve.cors_origins", "serve.redact.keys", "serve.redact.keep"})


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
        self._file, self.grouping = read_file((folder or Path.cwd()) / FILE_NAME)

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
        return self._one_of("format", FORMATS)

    @property
    def log_format(self) -> str:
        """How the receiver writes its log: one of LOG_FORMATS."""
        return self._one_of("log_format", LOG_FORMATS)

    @property
    def log_level(self) -> str:
        """The least that the receiver writes to its log: one of LOG_LEVELS."""
        return self._one_of("log_level", LOG_LEVELS)

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

    def message_bytes(self, name: str) -> int:
        """The limit of a message, or of those that wait: `max_request_bytes`, `max_queue_bytes` or
        `max_response_bytes`."""
        given = self._given(name)
        try:
            size = parse_byte_size(_text(given))
        except ValueError as error:
            raise ConfigurationError(f"{given.origin}: {error}.") from None
        if size > MESSAGE_BYTES_MOST:
            raise ConfigurationError(
                f"{given.origin} is {_text(given)!r}. A message has at most 1GiB."
            )
        return size

    @property
    def retention_s(self) -> float | None:
        """How long rows are kept, None for ever."""
        given = self._given("retention")
        text = _text(given)
        if not text:
            return None
        try:
            seconds = parse_duration_s(text)
        except ValueError as error:
            raise ConfigurationError(f"{given.origin}: {error}.") from None
        if seconds < RETENTION_MIN_S:
            raise ConfigurationError(
                f"{given.origin} is {text!r}: nothing older would be left to compare with. It is"
                " at least 1h, and better the time between two deployments and more."
            )
        return seconds

    @property
    def disk_bytes_max(self) -> int | None:
        """The most that the store may take on the disk, None for no limit."""
        given = self._given("max_disk")
        text = _text(given)
        if not text:
            return None
        try:
            size = parse_byte_size(text)
        except ValueError as error:
            raise ConfigurationError(f"{given.origin}: {error}.") from None
        if size < DISK_BYTES_MIN:
            raise ConfigurationError(
                f"{given.origin} is {text!r}. It is at least 1GB: less has no room for what arrives"
                " before older rows are gone."
            )
        return size

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """The origins whose web pages may send."""
        given = self._given("cors_origin")
        value = given.value
        texts = value.split(",") if isinstance(value, str) else value
        try:
            return tuple(parse_origin(text) for text in texts if text.strip())
        except ValueError as error:
            raise ConfigurationError(f"{given.origin}: {error}.") from None

    def path(self, name: str) -> Path | None:
        """A file that may be named, as `api_key_file`; None if it is not."""
        text = _text(self._given(name))
        return Path(text).expanduser() if text else None

    @property
    def api_keys(self) -> str:
        """The API keys of the environment, which is the only place but a file for them."""
        return self._environ.get("DEPLOYLENS_API_KEYS", "")

    @property
    def redaction(self) -> RedactionRules:
        """What becomes of secret attributes."""
        mode = self._one_of("redact", REDACTION_MODES)
        return RedactionRules(mode, self._patterns("redact_key"), self._patterns("keep_key"))

    def _patterns(self, name: str) -> tuple[str, ...]:
        value = self._given(name).value
        texts = value.split(",") if isinstance(value, str) else value
        return tuple(text.strip() for text in texts if text.strip())

    def _one_of(self, name: str, choices: Sequence[str]) -> str:
        given = self._given(name)
        text = _text(given)
        if text not in choices:
            hint = did_you_mean(text, choices)
            raise ConfigurationError(
                f"{given.origin} is {text!r}.{hint} It is one of {', '.join(choices)}."
            )
        return text

    def _given(self, name: str) -> Given:
        setting = SETTINGS[name]
        if self._flags.get(name):
            return Given(self._flags[name], setting.flag)
        if self._environ.get(setting.variable):
            return Given(self._environ[setting.variable], setting.variable)
        if setting.key in self._file:
            return Given(self._file[setting.key], f"{FILE_NAME}: {setting.key}")
        return Given(setting.default, f"the default of {setting.flag}")


def read_file(path: Path) -> tuple[dict[str, str | list[str]], GroupingRules]:
    """The settings in the file by dotted key, and how exceptions are grouped; nothing without a
    file. Raises ConfigurationError."""
    if not path.is_file():
        return {}, GroupingRules()
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        grouping = grouping_rules(content.pop(GROUPING_TABLE, {}))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None
    except RulesError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    settings = _flat(content)
    known = [setting.key for setting in SETTINGS.values()]
    for key, value in settings.items():
        if key not in known:
            names = [*known, GROUPING_TABLE]
            raise ConfigurationError(
                f"{path} has an unknown key {key!r}.{did_you_mean(key, names)}"
                f" It may have: {', '.join(names)}."
            )
        _check_type(path, key, value)
    return settings, grouping


def _flat(table: Mapping[str, Toml], prefix: str = "") -> dict[str, Toml]:
    flat: dict[str, Toml] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _check_type(path: Path, key: str, value: Toml) -> None:
    texts = value if key in LISTS and isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        expected = "a list of texts" if key in LISTS else "a text"
        raise ConfigurationError(f"{path}: {key} is {value!r}, which is not {expected}.")


def _text(given: Given) -> str:
    if not isinstance(given.value, str):
        raise ConfigurationError(f"{given.origin} is a list; one value is expected.")
    return given.value
