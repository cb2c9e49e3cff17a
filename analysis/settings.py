"""What the command line was told: by a flag, else the environment, else `deploylens.toml`, else the
default."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.byte_size import parse_byte_size
from analysis.duration import parse_duration_s
from analysis.grouping_settings import TABLE as GROUPING_TABLE
from analysis.grouping_settings import RulesError, grouping_rules
from analysis.known_settings import LISTS, SETTINGS
from analysis.suggestion import did_you_mean
from analysis.verdict.thresholds import Thresholds
from analysis.verdict_settings import TABLE as VERDICT_TABLE
from analysis.verdict_settings import ThresholdsError, VerdictSettings, thresholds_from
from receiver.fingerprints.rules import GroupingRules
from receiver.flatten.redaction_rules import REDACTION_MODES, RedactionRules
from receiver.monitoring.log_words import LOG_FORMATS, LOG_LEVELS
from receiver.settings import Address, parse_address, parse_origin
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
        read = read_file((folder or Path.cwd()) / FILE_NAME)
        self._file, self.grouping, self._verdict = read.values, read.grouping, read.verdict

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

    def thresholds(self, service: str) -> Thresholds:
        """What a verdict about this service is measured against."""
        try:
            return self._verdict.thresholds(service)
        except ThresholdsError as error:
            raise ConfigurationError(f"{FILE_NAME}: {error}") from None

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


@dataclass(frozen=True, slots=True)
class FileContent:
    """What stands in the file: settings by dotted key, how exceptions are grouped, thresholds."""

    values: Mapping[str, str | list[str]] = field(default_factory=dict)
    grouping: GroupingRules = field(default_factory=GroupingRules)
    verdict: VerdictSettings = field(default_factory=VerdictSettings)


def read_file(path: Path) -> FileContent:
    """What the file says; nothing without a file. Raises ConfigurationError."""
    if not path.is_file():
        return FileContent()
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        grouping = grouping_rules(content.pop(GROUPING_TABLE, {}))
        verdict = thresholds_from(content.pop(VERDICT_TABLE, {}))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None
    except (RulesError, ThresholdsError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    settings = _flat(content)
    known = [setting.key for setting in SETTINGS.values()]
    for key, value in settings.items():
        if key not in known:
            names = [*known, GROUPING_TABLE, VERDICT_TABLE]
            raise ConfigurationError(
                f"{path} has an unknown key {key!r}.{did_you_mean(key, names)}"
                f" It may have: {', '.join(names)}."
            )
        _check_type(path, key, value)
    return FileContent(settings, grouping, verdict)


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
