"""What the command line was told: by a flag, else the environment, else `deploylens.toml`, else the
default."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.byte_size import parse_byte_size
from analysis.duration import parse_duration_s
from analysis.known_settings import SETTINGS
from analysis.settings_file import ConfigurationError as ConfigurationError
from analysis.settings_file import read_file
from analysis.suggestion import did_you_mean
from analysis.verdict.thresholds import Thresholds
from analysis.verdict_settings import ThresholdsError
from receiver.flatten.redaction_rules import REDACTION_MODES, RedactionRules
from receiver.monitoring.log_words import LOG_FORMATS, LOG_LEVELS
from receiver.settings import Address, parse_address, parse_origin
from receiver.storage.disk_limits import DISK_BYTES_MIN, RETENTION_MIN_S

if TYPE_CHECKING:
    from analysis.announcing.targets import Targets
    from analysis.receiver_url import ReceiverUrl

FILE_NAME = "deploylens.toml"
API_KEY = "DEPLOYLENS_API_KEY"
# gRPC counts in 32 bits, and every message is held in memory.
MESSAGE_BYTES_MOST = 1024**3
FORMATS = ("table", "json", "csv", "jsonl", "markdown")


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
        self.repository, self._targets = read.repository, read.targets
        self.redacted_names = read.redacted_names

    @property
    def store(self) -> Path:
        """The store file."""
        given = self._given("store")
        if not given.value:
            raise ConfigurationError(f"{given.origin} names no file. It is the path of the store.")
        return Path(_text(given)).expanduser()

    @property
    def receiver(self) -> "ReceiverUrl | None":
        """The receiver on another machine that is asked instead of a store, None for the store.

        A flag for the store counts more than what the environment or the file say.
        """
        if self._flags.get("store") and not self._flags.get("receiver"):
            return None
        given = self._given("receiver")
        if not given.value:
            return None
        if self._flags.get("store"):
            raise ConfigurationError("--receiver and --store name two places. Give one of them.")
        from analysis.receiver_url import receiver_url

        key, authorities = (self._environ.get(n, "") for n in (API_KEY, "SSL_CERT_FILE"))
        try:
            return receiver_url(_text(given), key, authorities)
        except ValueError as error:
            raise ConfigurationError(f"{given.origin}: {error}.") from None

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

    @property
    def targets(self) -> "Targets":
        """Where deployments and verdicts are announced."""
        from analysis.announcing.targets import Targets

        return self._targets or Targets()

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


def _text(given: Given) -> str:
    if not isinstance(given.value, str):
        raise ConfigurationError(f"{given.origin} is a list; one value is expected.")
    return given.value
