"""What stands in `deploylens.toml`, checked as far as the file itself can tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.grouping_settings import TABLE as GROUPING_TABLE
from analysis.grouping_settings import RulesError, grouping_rules
from analysis.known_settings import GRAFANA, LISTS, SETTINGS, WEBHOOKS
from analysis.report.redaction_rules import RedactedNames
from analysis.report_settings import TABLE as REPORT_TABLE
from analysis.report_settings import RedactError, redacted_names_from
from analysis.repository_settings import TABLE as REPOSITORY_TABLE
from analysis.repository_settings import (
    RepositorySettings,
    SourceError,
    repository_from,
)
from analysis.suggestion import did_you_mean
from analysis.verdict_settings import TABLE as VERDICT_TABLE
from analysis.verdict_settings import ThresholdsError, VerdictSettings, thresholds_from
from receiver.fingerprints.rules import GroupingRules

if TYPE_CHECKING:
    from analysis.announcing.targets import Targets

# What tomllib hands over before it is checked.
Toml = Any


class ConfigurationError(ValueError):
    """A setting that cannot be used; the message says where it was read and what is expected."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """What stands in the file: settings by dotted key, how exceptions are grouped, thresholds,
    where the source is, where announcements go, and what redacted reports keep."""

    values: Mapping[str, str | list[str]] = field(default_factory=dict)
    grouping: GroupingRules = field(default_factory=GroupingRules)
    verdict: VerdictSettings = field(default_factory=VerdictSettings)
    repository: RepositorySettings = field(default_factory=RepositorySettings)
    targets: "Targets | None" = None
    redacted_names: RedactedNames = field(default_factory=RedactedNames)


def read_file(path: Path) -> FileContent:
    """What the file says; nothing without a file. Raises ConfigurationError."""
    if not path.is_file():
        return FileContent()
    import tomllib

    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        grouping = grouping_rules(content.pop(GROUPING_TABLE, {}))
        verdict = thresholds_from(content.pop(VERDICT_TABLE, {}))
        repository = repository_from(content.pop(REPOSITORY_TABLE, {}))
        redacted_names = redacted_names_from(content.pop(REPORT_TABLE, {}))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None
    except (RulesError, ThresholdsError, SourceError, RedactError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    targets = _targets(path, content.pop(WEBHOOKS, None), content.pop(GRAFANA, None))
    settings = _flat(content)
    known = [setting.key for setting in SETTINGS.values()]
    for key, value in settings.items():
        if key not in known:
            names = [
                *known,
                GROUPING_TABLE,
                VERDICT_TABLE,
                REPOSITORY_TABLE,
                REPORT_TABLE,
                WEBHOOKS,
                GRAFANA,
            ]
            raise ConfigurationError(
                f"{path} has an unknown key {key!r}.{did_you_mean(key, names)}"
                f" It may have: {', '.join(names)}."
            )
        _check_type(path, key, value)
    return FileContent(settings, grouping, verdict, repository, targets, redacted_names)


def _targets(path: Path, webhooks: Toml, grafana: Toml) -> "Targets | None":
    """Where announcements go, None if nowhere; what reads them is loaded only then."""
    if webhooks is None and grafana is None:
        return None
    from analysis.announcing_settings import TargetsError, targets_from

    try:
        return targets_from(
            [] if webhooks is None else webhooks, {} if grafana is None else grafana, path.parent
        )
    except TargetsError as error:
        raise ConfigurationError(f"{path}: {error}") from None


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
